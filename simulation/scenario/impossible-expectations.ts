import type { ScenarioProblem } from './errors.ts';
import type { Scenario } from './schema.ts';

/** States in which a VM is on a node. */
const SOMEWHERE = ['running', 'suspended'] as const;

/** Expectations that say nothing, or that no end of the run could fulfil. */
export function impossibleExpectations({ expect, events }: Scenario): ScenarioProblem[] {
  return Object.entries(expect).flatMap(([vm, { state, on }]) => {
    const path = `expect.${vm}`;
    const last = events
      .filter((event) => (event.do === 'add' || event.do === 'remove') && event.vm === vm)
      .toSorted((a, b) => a.at - b.at)
      .at(-1);
    if (last?.do === 'remove') {
      return [{ path, message: `${vm} is removed at ${last.at} s; allowed: VMs that are there at the end` }];
    }
    if (state === undefined && on === undefined) return [{ path, message: 'expects nothing; allowed: state, on' }];
    if (on !== undefined && state !== undefined && !SOMEWHERE.some((each) => each === state)) {
      return [
        {
          path: `${path}.on`,
          message: `a VM that is ${state} is on no node; allowed with on: ${SOMEWHERE.join(', ')}`,
        },
      ];
    }
    return [];
  });
}
