import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readScenarioFile } from './read-file.ts';

test.each([
  ['one that is not there', join(tmpdir(), 'no-such-scenario.yaml'), 'there is no such file'],
  ['a folder', tmpdir(), 'a folder, name a file in it'],
])('%s is named in one line', async (_, file, why) => {
  await expect(readScenarioFile(file)).rejects.toMatchObject({
    code: 'SCENARIO_INVALID',
    message: `${file}: (file): ${why}`,
  });
});
