import { expect, test } from "vitest";
import { CostError } from "../../src/base/errors.js";
import { linuxVm } from "../../src/costs/linux-vm.js";
import { parseCostProfile } from "../../src/costs/parse.js";

const broken = (change: (ns: Record<string, Record<string, unknown>>) => void) => {
  const copy = structuredClone(linuxVm) as unknown as { ns: Record<string, Record<string, unknown>> };
  change(copy.ns);
  return () => parseCostProfile(JSON.stringify(copy));
};

test("a profile survives JSON, and what is beside it is left out", () => {
  expect(parseCostProfile(JSON.stringify({ ...linuxVm, evidence: [] }))).toEqual(linuxVm);
});

test("what is no profile is refused, by the figure", () => {
  expect(() => parseCostProfile("{")).toThrow(CostError);
  expect(() => parseCostProfile("[]")).toThrow(
    "not a cost profile: write an object with name, source and ns",
  );
  expect(() => parseCostProfile('{"name":"x"}')).toThrow('"source" must say where the figures come from');
  expect(broken((ns) => delete ns.fault)).toThrow('"ns.fault" is missing: calibrate again, or write it');
  expect(
    broken((ns) => {
      ns.syscall = { ...ns.syscall, brk: -1 };
    }),
  ).toThrow('"ns.syscall.brk" must be nanoseconds, 0 or more; got -1');
  expect(broken((ns) => delete ns.fault?.zeroMap)).toThrow(
    '"ns.fault.zeroMap" must be nanoseconds, 0 or more; it is missing',
  );
  expect(
    broken((ns) => {
      ns.zeroedByte = { ...ns.zeroedByte, program: 1 };
    }),
  ).toThrow('there is no figure "ns.zeroedByte.program"; there are kernel, allocator');
});
