// Built with and without the heap: `run` returns the same.
#[cfg(zeropage)]
#[path = "../../assembly/library/zeropage.rs"]
mod zeropage;
#[cfg(zeropage)]
#[global_allocator]
static HEAP: zeropage::Zeropage = zeropage::Zeropage;

use std::collections::{BTreeMap, HashMap};

#[derive(Clone)]
#[repr(align(64))]
struct Wide(u8);

#[no_mangle]
pub extern "C" fn run(count: u32) -> u32 {
    let words: HashMap<u32, String> = (0..count).map(|i| (i, format!("number {}", i))).collect();
    let mut lengths: Vec<u32> = words.values().map(|word| word.len() as u32).collect();
    lengths.sort();
    let mut tree = BTreeMap::new();
    for i in 0..count {
        tree.insert(i.wrapping_mul(2654435761) % count, vec![i; (i % 50) as usize]);
        if i % 3 == 0 {
            tree.remove(&(i / 2));
        }
    }
    let kept: usize = tree.values().map(|list| list.len()).sum();
    let zeros = vec![0u8; 20 << 20];
    let dirty = zeros.iter().filter(|&&byte| byte != 0).count();
    let mut wide: Vec<Wide> = Vec::new();
    for i in 0..1000 {
        wide.push(Wide(i as u8));
    }
    let misaligned = wide.iter().filter(|one| *one as *const Wide as usize % 64 != 0).count();
    let sum: u32 = wide.iter().map(|one| one.0 as u32).sum();
    lengths.iter().sum::<u32>() + kept as u32 + sum + (dirty + misaligned) as u32 * 1000000000
}
