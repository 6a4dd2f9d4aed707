import { expect, test } from 'vitest';
import { checkSchedule, playSchedule, productionBuild, type ScenarioResult } from '../simulation/mod.ts';

interface Lie {
  readonly actsAfterSeconds?: number;
  readonly plugOf?: string;
}

/** Four nodes and a VM on n4, whose fence lies from the beginning. */
function play(settings: object, faults: readonly object[], events: readonly object[], lie: Lie | undefined) {
  const lies = lie === undefined ? [] : [{ at: 1, do: 'fence-lies', node: 'n4', seconds: 590, ...lie }];
  const scenario = {
    name: 'a fence that lies',
    settings: { fence: 'confirming', ...settings },
    nodes: [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }, { name: 'n4' }],
    vms: [{ id: 'vm-1', node: 'n4' }, { id: 'vm-2', node: 'n4' }],
    ...{ events, until: 600 },
  };
  return playSchedule(checkSchedule({ scenario, faults: [...faults, ...lies] }, 'a fence that lies'), productionBuild);
}

const SHORT = [{ at: 100, do: 'agent-stalls', node: 'n4', seconds: 0.9 }];
const HUNG = [{ at: 90, do: 'hypervisor-hangs', node: 'n4', call: 'start', seconds: 250 }];
const KILLED = [{ at: 100, do: 'kill', vm: 'vm-1' }];
const NEVER: Lie = {};

const linesOf = ({ timeline }: ScenarioResult, what: string) => timeline.filter((line) => line.what === what);
const twice = (result: ScenarioResult) =>
  result.violations.some(({ invariant }) => invariant === 'G2: at most one copy can write');
for (const s of [1]) {
  test('look', async () => {
    for (const [name, args] of Object.entries({
      short: [{ sensitivity: 'instant' }, SHORT, [], NEVER],
      hung: [{}, HUNG, KILLED, NEVER],
    } as Record<string, Parameters<typeof play>>)) {
      const result = await play(...args);
      console.log(name, JSON.stringify(result.violations));
      console.log(result.timeline.filter((l) => l.at > 89).slice(0, 80).map((l) => `${l.at} ${l.what} ${l.vm ?? ''} ${l.node ?? ''} ${l.why}`).join('\n'));
    }
  });
}
