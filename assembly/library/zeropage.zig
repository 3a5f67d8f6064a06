//! The heap as an allocator of Zig 0.11 to 0.13. Name libzeropage.a as an object to link, and say:
//!
//!     const heap = @import("zeropage.zig").allocator;
const std = @import("std");

extern fn memalign(alignment: usize, bytes: usize) ?[*]u8;
extern fn malloc_usable_size(block: [*]u8) usize;
extern fn free(block: [*]u8) void;

pub const allocator = std.mem.Allocator{
    .ptr = undefined,
    .vtable = &.{ .alloc = alloc, .resize = resize, .free = release },
};

fn alloc(_: *anyopaque, bytes: usize, log2_alignment: u8, _: usize) ?[*]u8 {
    return memalign(@as(usize, 1) << @intCast(log2_alignment), bytes);
}

fn resize(_: *anyopaque, block: []u8, _: u8, bytes: usize, _: usize) bool {
    return bytes <= malloc_usable_size(block.ptr);
}

fn release(_: *anyopaque, block: []u8, _: u8, _: usize) void {
    free(block.ptr);
}
