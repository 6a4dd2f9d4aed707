import { expect, test } from 'vitest';
import { SubjectTable } from './subject-table.ts';

function listed(...subjects: string[]) {
  const table = new SubjectTable<{ readonly subject: string; readonly name: number }>();
  const drops = subjects.map((subject, name) => table.add({ subject, name }));
  return { table, drops, names: (subject: string) => table.for(subject).map(({ name }) => name) };
}

test('those who listen come in the order in which they began, exact and wild ones alike', () => {
  const { names } = listed('a.>', 'a.b', 'b', 'a.b', 'a.b.>');
  expect(names('a.b')).toEqual([0, 1, 3]);
  expect(names('a.b.c')).toEqual([0, 4]);
  expect(names('a')).toEqual([]);
});

test('who leaves is told no more, who comes is told from now on', () => {
  const { table, drops, names } = listed('a', 'a');
  expect(names('a')).toEqual([0, 1]);
  drops[0]?.();
  drops[0]?.();
  expect(names('a')).toEqual([1]);
  table.add({ subject: 'a', name: 7 });
  expect(names('a')).toEqual([1, 7]);
});

test('subjects that are used once do not add up', () => {
  const { names } = listed('replies.>');
  for (let i = 0; i < 5000; i += 1) expect(names(`replies.${i}`)).toEqual([0]);
});
