export { Profile, StringTable } from "pprof-format";
