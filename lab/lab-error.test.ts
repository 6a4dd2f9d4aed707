import { expect, it } from 'vitest';
import { DatabaseUnavailable, RevisionConflict } from '#ports';
import { forPeople, isForPeople, LabError } from './lab-error.ts';

const named = { MONGODB_URL: 'mongodb://db.example' };
const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });

it.each<[Error, NodeJS.ProcessEnv, string]>([
  [new LabError('no node n9'), {}, 'no node n9'],
  [full, {}, 'ENOSPC: no space left: free some space, or name another folder in UNDERSTUDY_LAB'],
  [new DatabaseUnavailable('connect: refused'), named, 'connect: refused: start it, or unset MONGODB_URL'],
  [new DatabaseUnavailable('connect: refused'), {}, 'connect: refused: start the lab again'],
  [new RevisionConflict('x exists'), {}, 'x exists: somebody else changed it first: start the lab again'],
  [new LabError('two\n  lines'), {}, 'two lines'],
])('says in one line what the user can mend: %s', (error, env, line) => {
  expect(isForPeople(error)).toBe(true);
  expect(forPeople(error, env)).toBe(line);
});

it('leaves what only a programmer can mend to a stack trace', () => {
  expect(isForPeople(new TypeError('undefined is not a function'))).toBe(false);
});
