/** Event names that only the runtime gives. */
export const RESERVED = /^(xstate|actor|effect)\./;
