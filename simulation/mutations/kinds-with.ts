import type { AnyStateMachine } from 'xstate';
import { ActorSystem, type KindOptions } from '#actors';

type Parts = NonNullable<Parameters<AnyStateMachine['provide']>[0]>;

/**
 * From now on actors of that kind are made of a machine with other parts, until what is returned is called. Agents make their
 * machines themselves, so there is no port to falsify.
 */
export function kindsWith(kind: string, parts: Parts): () => void {
  const { register } = ActorSystem.prototype;
  const broken = new WeakMap<AnyStateMachine, AnyStateMachine>();
  ActorSystem.prototype.register = function (name: string, options: KindOptions): void {
    const machine = name === kind ? (broken.get(options.machine) ?? options.machine.provide(parts)) : options.machine;
    if (name === kind) broken.set(options.machine, machine);
    register.call(this, name, { ...options, machine });
  };
  return () => {
    ActorSystem.prototype.register = register;
  };
}
