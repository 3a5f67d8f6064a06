const std = @import("std");
const heap = @import("zeropage.zig").allocator;

export fn run(count: u32) u32 {
    return sumOfLengths(count) catch 0;
}

fn sumOfLengths(count: u32) !u32 {
    var words = std.AutoHashMap(u32, []u8).init(heap);
    defer words.deinit();
    for (0..count) |i| try words.put(@intCast(i), try std.fmt.allocPrint(heap, "number {d}", .{i}));
    const wide = try heap.alignedAlloc(u8, 4096, 10000);
    defer heap.free(wide);
    var sum: u32 = @intCast(@intFromPtr(wide.ptr) % 4096);
    var all = words.valueIterator();
    while (all.next()) |word| {
        sum += @intCast(word.len);
        heap.free(word.*);
    }
    return sum;
}
