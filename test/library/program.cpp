// What C++'s library allocates by new, and what is aligned beyond what malloc gives.
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct Early {
  std::vector<std::string> words;
  Early() {
    for (int i = 0; i < 100; i++) words.push_back("word number " + std::to_string(i));
  }
} early;

struct alignas(64) Wide {
  char bytes[64];
};

int main() {
  std::map<int, std::unique_ptr<int[]>> blocks;
  long sum = 0;
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < 1000; i++) blocks[i] = std::make_unique<int[]>(i + 1);
    for (auto &[key, block] : blocks) {
      for (int i = 0; i <= key; i++) sum += block[i];
      block[key] = 7;
    }
    if (round % 2) blocks.clear();
  }
  std::vector<int> numbers;
  for (int i = 0; i < 5000000; i++) numbers.push_back(i);
  for (const auto &word : early.words) sum += word.size();
  int misaligned = 0;
  std::vector<std::unique_ptr<Wide>> wide;
  for (int i = 0; i < 100; i++) {
    wide.push_back(std::make_unique<Wide>());
    misaligned += reinterpret_cast<std::uintptr_t>(wide.back().get()) % 64 != 0;
  }
  std::printf("%ld %zu %d\n", sum, numbers.size(), misaligned);
}
