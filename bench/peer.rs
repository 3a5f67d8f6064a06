// What std gives a program that names no allocator of its own: on wasm32-unknown-unknown, a dlmalloc.
use std::alloc::{alloc, alloc_zeroed, dealloc, realloc, Layout};

unsafe fn layout(bytes: usize, align: usize) -> Layout {
    Layout::from_size_align_unchecked(bytes, align)
}

#[no_mangle]
pub unsafe extern "C" fn std__rust_alloc(bytes: usize, align: usize) -> *mut u8 {
    alloc(layout(bytes, align))
}

#[no_mangle]
pub unsafe extern "C" fn std__rust_alloc_zeroed(bytes: usize, align: usize) -> *mut u8 {
    alloc_zeroed(layout(bytes, align))
}

#[no_mangle]
pub unsafe extern "C" fn std__rust_realloc(
    block: *mut u8,
    held: usize,
    align: usize,
    bytes: usize,
) -> *mut u8 {
    realloc(block, layout(held, align), bytes)
}

#[no_mangle]
pub unsafe extern "C" fn std__rust_dealloc(block: *mut u8, bytes: usize, align: usize) {
    dealloc(block, layout(bytes, align))
}
