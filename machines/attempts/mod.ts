export { MAX_ATTEMPTS, waitAfterAttemptMs } from './attempts.ts';
