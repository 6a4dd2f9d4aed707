import { expect, test } from 'vitest';
import { CRASH_POINTS, NETWORKS, worldFaultSchema } from '../faults/world-fault.ts';
import { EVENT_NAMES, isBuilt, type Scenario } from '../scenario/mod.ts';
import { DEFAULT_SHAPE } from './random-cluster.ts';
import { randomSchedule } from './random-schedule.ts';

test('a random schedule is a function of its seed, and every one is a valid file', () => {
  expect(randomSchedule(7, DEFAULT_SHAPE)).toEqual(randomSchedule(7, DEFAULT_SHAPE));
  for (let seed = 1; seed <= 200; seed += 1)
    expect(randomSchedule(seed, DEFAULT_SHAPE).scenario.events.length).toBeGreaterThan(0);
});

/** What schedules are made of, in words. */
function ingredients({ settings, nodes, rules, events }: Scenario): string[] {
  const { sensitivity, fence, shutdownPolicy, network, clock } = settings;
  return [
    ...events.map((event) => event.do),
    ...events.flatMap((event) => (event.do === 'set' ? Object.keys(event).map((field) => `set ${field}`) : [])),
    ...[sensitivity, `fence ${fence}`, shutdownPolicy, `loss ${network.lossPercent > 0}`],
    ...[`duplicates ${network.duplicatePercent > 0}`, `drift ${clock.driftPercent > 0}`],
    `jumps ${clock.wallJumpSeconds !== 0}`,
    ...nodes.flatMap(({ power, maintenance, zone }) => [power, `maintenance ${maintenance}`, zone ?? 'no zone']),
    ...rules.map((rule) => `${rule.kind} ${rule.mode}${rule.kind === 'vm' ? ` ${rule.strength}` : ''}`),
    ...rules.flatMap((rule) => (rule.kind === 'node' ? rule.nodes.map(({ tier }) => `tier ${tier}`) : [])),
    `${rules.length} rules`,
  ];
}

test('random schedules leave nothing out: every event, command, fault, setting and kind of rule that is built', () => {
  const found = new Set<string>();
  for (let seed = 1; seed <= 2000; seed += 1) {
    const { scenario, faults } = randomSchedule(seed, { ...DEFAULT_SHAPE, hours: 1 });
    for (const each of [...ingredients(scenario), ...faults.map((fault) => fault.do)]) found.add(each);
    for (const fault of faults) {
      if ('network' in fault) found.add(`${fault.do} ${fault.network}`);
      if (fault.do === 'agent-crashes') found.add(fault.point);
    }
  }
  const wanted = [
    ...EVENT_NAMES.filter((name) => isBuilt({ do: name })),
    ...worldFaultSchema.options.flatMap((option) => option.shape.do.value),
    ...NETWORKS.map((network) => `link-bad ${network}`),
    ...['management', 'vm'].map((network) => `one-way-cut ${network}`),
    ...CRASH_POINTS,
    ...['cpus', 'memoryMiB', 'ha', 'priority', 'failback'].map((field) => `set ${field}`),
    ...['standard', 'medium-high', 'high', 'instant', 'fence none', 'fence confirming', 'fence broken'],
    ...['recover', 'freeze', 'on', 'off', 'primary', 'secondary', 'no zone'],
    ...['loss', 'duplicates', 'drift', 'jumps', 'maintenance'].flatMap((what) => [`${what} true`, `${what} false`]),
    ...['required', 'preferred', 'forbidden'].map((mode) => `node ${mode}`),
    ...['together', 'apart'].flatMap((mode) => [`vm ${mode} must`, `vm ${mode} prefer`]),
    ...['zone must', 'zone prefer', 'tier 1', 'tier 2', 'tier 3', '0 rules', '1 rules', '2 rules', '3 rules'],
  ];
  expect(wanted.filter((each) => !found.has(each))).toEqual([]);
});

test('a one-way cut is between two nodes', () => {
  for (let seed = 1; seed <= 1000; seed += 1) {
    for (const fault of randomSchedule(seed, DEFAULT_SHAPE).faults) {
      if (fault.do === 'one-way-cut') expect(fault.from, `seed ${seed}`).not.toBe(fault.to);
    }
  }
});

test('a fence lies only about a host that goes on writing, or is off', () => {
  const stops = /^(storage-(?!link-up)|agent-crashes|agent-kill|pause|reboot|shutdown|clock-rate|filesystem)/;
  let lies = 0;
  for (let seed = 1; seed <= 3000; seed += 1) {
    const { scenario, faults, healedAt = 0 } = randomSchedule(seed, DEFAULT_SHAPE);
    for (const lie of faults) {
      if (lie.do !== 'fence-lies') continue;
      lies += 1;
      expect([lie.node, scenario.settings.fence]).not.toEqual([lie.plugOf, 'none']);
      expect(lie.at + lie.seconds + (lie.actsAfterSeconds ?? 0)).toBeLessThan(healedAt);
      for (const event of [...scenario.events, ...faults]) {
        if (event.at < healedAt && 'node' in event && event.node === lie.node) expect(event.do).not.toMatch(stops);
        if (event.do === 'agent-stalls' && event.node === lie.node)
          expect(event.seconds).toBeLessThan(scenario.settings.fenceSeconds);
      }
    }
  }
  expect(lies).toBeGreaterThan(20);
});
