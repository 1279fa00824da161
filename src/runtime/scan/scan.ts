/** Scan: reads of an event's bytes no more than must be known, and lets pass what no trigger wants. */
export { Passing } from "./passing.ts";
