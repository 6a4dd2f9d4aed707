import { expect, it } from 'vitest';
import { DatabaseRefused } from '../errors.ts';
import { withDatabase } from './database-in-url.ts';

it.each([
  ['mongodb://db.example', 'mongodb://db.example/mine'],
  ['mongodb://db.example/ha', 'mongodb://db.example/mine'],
  ['mongodb://a:1,b:2/?replicaSet=rs', 'mongodb://a:1,b:2/mine?replicaSet=rs'],
  ['mongodb+srv://db.example/ha?tls=true', 'mongodb+srv://db.example/mine?tls=true'],
])('names another database of the same server: %s', (connection, expected) => {
  expect(withDatabase(connection, 'mine')).toBe(expected);
});

it.each([
  ['mongodb://me:pw@db.example/ha', 'mongodb://me:pw@db.example/mine?authSource=ha'],
  ['mongodb://me:pw@db.example/?w=1', 'mongodb://me:pw@db.example/mine?w=1&authSource=admin'],
  ['mongodb://me:pw@db.example/ha?authSource=users', 'mongodb://me:pw@db.example/mine?authSource=users'],
  ['mongodb://me@db.example/?authMechanism=MONGODB-X509', 'mongodb://me@db.example/mine?authMechanism=MONGODB-X509'],
])('the user is still looked for where it was: %s', (connection, expected) => {
  expect(withDatabase(connection, 'mine')).toBe(expected);
});

it.each(['db.example', 'postgres://db.example', 'mongodb://'])('refuses %s', (connection) => {
  expect(() => withDatabase(connection, 'mine')).toThrow(DatabaseRefused);
});
