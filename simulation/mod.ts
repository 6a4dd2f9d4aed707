export * from './scenario/mod.ts';
