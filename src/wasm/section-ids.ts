/** Sections by number: core specification 2.0, 5.5. */

/** What a section begins with; 13 is of the exception handling proposal, now in 3.0. */
export const SectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;
