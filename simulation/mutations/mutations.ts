import { ATTEMPTS } from './attempts.ts';
import { BELIEVED_FENCES } from './believed-fences.ts';
import type { Mutation } from './mutation.ts';
import { ONE_COPY } from './one-copy.ts';
import { PLACEMENT } from './placement.ts';
import { POLICIES } from './policies.ts';
import { RECOVERY } from './recovery.ts';
import { RUNTIME } from './runtime.ts';
import { UNTOUCHED } from './untouched.ts';

/** Every build that is broken on purpose: each must be caught. */
export const MUTATIONS: readonly Mutation[] = [
  ...ONE_COPY,
  ...BELIEVED_FENCES,
  ...UNTOUCHED,
  ...PLACEMENT,
  ...RECOVERY,
  ...ATTEMPTS,
  ...POLICIES,
  ...RUNTIME,
];
