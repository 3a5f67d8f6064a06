// Calls every operator new and delete that valgrind --trace-malloc=yes tells apart, for valgrind.test.ts.
// See README.md for how its log was made.
#include <new>

struct alignas(64) Wide {
  char bytes[128];
};

static void *volatile keep;

template <typename T> T *kept(T *p) {
  keep = p;
  return p;
}

int main() {
  delete kept(new int);
  delete[] kept(new int[10]);
  delete kept(new (std::nothrow) int);
  delete[] kept(new (std::nothrow) int[10]);
  delete kept(new Wide);
  delete[] kept(new Wide[3]);
  delete kept(new (std::nothrow) Wide);
  delete[] kept(new (std::nothrow) Wide[3]);
  operator delete(kept(operator new(24)));
  operator delete(kept(operator new(24)), std::nothrow);
  operator delete(kept(operator new(48, std::align_val_t(32))), std::align_val_t(32));
  delete static_cast<int *>(nullptr);
  kept(new char[1000]); // leaks
  return 0;
}
