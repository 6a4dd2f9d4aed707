export {
  type Sensitivity,
  sensitivities,
  type TimingInput,
  type Timings,
  timingsFor,
  UnsafeTimings,
} from './timings.ts';
