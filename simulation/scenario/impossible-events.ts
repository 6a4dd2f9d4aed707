import type { ScenarioProblem } from './errors.ts';
import { vmFields } from './events.ts';
import type { Scenario } from './schema.ts';

const SETTABLE = Object.keys(vmFields) as (keyof typeof vmFields)[]; // its own keys and no others

/** Events that would never happen, or cannot happen as they are written: a file that has them says something it does not mean. */
export function impossibleEvents({ events, until, nodes, members = [] }: Scenario): ScenarioProblem[] {
  const problems: ScenarioProblem[] = [];
  events.forEach((event, i) => {
    if (event.at > until) {
      problems.push({
        path: `events[${i}].at`,
        message: `${event.at} is after the end; allowed: 0 to ${until} (until)`,
      });
    }
    if (event.do === 'set' && SETTABLE.every((field) => event[field] === undefined)) {
      problems.push({ path: `events[${i}]`, message: `sets nothing; allowed: ${SETTABLE.join(', ')}` });
    }
    if (event.do !== 'partition') return;
    const seen = new Set<string>();
    event.groups.forEach((group, j) => {
      group.forEach((name, k) => {
        const path = `events[${i}].groups[${j}][${k}]`;
        if (seen.has(name)) problems.push({ path, message: `${name} is in a group already; allowed: ${leftOf(seen)}` });
        seen.add(name);
      });
    });
  });
  const voters = new Set<string>();
  members.forEach((name, i) => {
    const path = `members[${i}]`;
    if (voters.has(name)) problems.push({ path, message: `${name} is there twice; allowed: ${leftOf(voters)}` });
    voters.add(name);
  });
  return problems;

  function leftOf(taken: ReadonlySet<string>): string {
    return (
      nodes
        .map(({ name }) => name)
        .filter((name) => !taken.has(name))
        .join(', ') || 'none'
    );
  }
}
