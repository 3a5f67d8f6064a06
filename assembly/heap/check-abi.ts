/** What the check build exports besides. */
export { check } from "./check";
