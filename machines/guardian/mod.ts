export {
  type GuardianInput,
  type GuardianState,
  type GuardianStep,
  initialGuardian,
  stepGuardian,
} from './guardian.ts';
