import { expect, test } from 'vitest';
import { redactConnection } from './redact-connection.ts';

test.each([
  ['mongodb://u:hunter2@a:1,b:2/db?authSource=admin', 'mongodb://a:1,b:2/db'],
  ['mongodb+srv://u:hun@ter2@a.example/?tlsCertificateKeyFilePassword=hunter2', 'mongodb+srv://a.example/'],
  ['mongodb://a', 'mongodb://a'],
  ['hunter2', 'a connection string that cannot be read'],
])('%s is shown as %s', (given, shown) => {
  expect(redactConnection(given)).toBe(shown);
});
