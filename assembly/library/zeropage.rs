//! The heap as Rust's allocator. Link with `-L native=node_modules/zeropage/build/lib`, and say in main.rs or lib.rs:
//!
//! ```ignore
//! #[path = "../node_modules/zeropage/assembly/library/zeropage.rs"]
//! mod zeropage;
//! #[global_allocator]
//! static HEAP: zeropage::Zeropage = zeropage::Zeropage;
//! ```
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::copy_nonoverlapping;

#[link(name = "zeropage", kind = "static")]
extern "C" {
    fn malloc(bytes: usize) -> *mut u8;
    fn calloc(count: usize, bytes: usize) -> *mut u8;
    fn realloc(block: *mut u8, bytes: usize) -> *mut u8;
    fn memalign(align: usize, bytes: usize) -> *mut u8;
    fn free(block: *mut u8);
}

/// What every block is aligned to, in bytes.
const ALIGN: usize = 16;

pub struct Zeropage;

unsafe impl GlobalAlloc for Zeropage {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= ALIGN { malloc(layout.size()) } else { memalign(layout.align(), layout.size()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= ALIGN {
            return calloc(1, layout.size());
        }
        let block = memalign(layout.align(), layout.size());
        if !block.is_null() {
            block.write_bytes(0, layout.size());
        }
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        if layout.align() <= ALIGN {
            return realloc(block, bytes);
        }
        let moved = memalign(layout.align(), bytes);
        if !moved.is_null() {
            copy_nonoverlapping(block, moved, layout.size().min(bytes));
            free(block);
        }
        moved
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        free(block)
    }
}
