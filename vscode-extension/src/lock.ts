// What packages.lock says of a pin. No VS Code here.

import { samePath } from './attrPath';

/** A pin as the lock has it. */
export interface LockedPin {
  requirement: string;
  version: string;
  /** The commit of nixpkgs that it comes from. */
  commit: string;
}

/** A lock, as far as it is shown. */
export type Lock =
  | { state: 'missing' }
  | { state: 'unreadable'; why: string }
  | { state: 'read'; pins: Map<string, LockedPin> };

/** How a pin stands in the lock. */
export type LockState = 'locked' | 'changed' | 'not-locked' | 'no-lock' | 'unreadable';

/** Reads the text of a lock, `undefined` if there is no such file. */
export function readLock(text: string | undefined): Lock {
  if (text === undefined) return { state: 'missing' };
  try {
    const { version, pins, revisions } = JSON.parse(text);
    if (version !== 1) return { state: 'unreadable', why: `its format is ${version}, not 1` };
    const read = new Map<string, LockedPin>();
    for (const [name, pin] of Object.entries<Record<string, string>>(pins)) {
      const { requirement, version, revision } = pin;
      const commit = revisions[revision ?? '']?.rev;
      if (typeof requirement !== 'string' || typeof version !== 'string' || typeof commit !== 'string') {
        return { state: 'unreadable', why: `its pin ${name} is not whole` };
      }
      read.set(name, { requirement, version, commit });
    }
    return { state: 'read', pins: read };
  } catch (error) {
    return { state: 'unreadable', why: error instanceof Error ? error.message : String(error) };
  }
}

/** What a lock has for the pin of a path. */
export function inLock(lock: Lock, path: string): LockedPin | undefined {
  if (lock.state !== 'read') return undefined;
  return lock.pins.get(path) ?? [...lock.pins].find(([name]) => samePath(name, path))?.[1];
}

/** How a pin that asks for this stands in the lock. */
export function lockState(lock: Lock, path: string, requirement: string | undefined): LockState {
  if (lock.state === 'missing') return 'no-lock';
  if (lock.state === 'unreadable') return 'unreadable';
  const locked = inLock(lock, path);
  if (locked === undefined) return 'not-locked';
  return locked.requirement === requirement ? 'locked' : 'changed';
}

/** A lock state in words. */
export function inWords(state: LockState): string {
  switch (state) {
    case 'locked':
      return 'locked';
    case 'changed':
      return 'changed since it was locked';
    case 'not-locked':
      return 'not locked';
    case 'no-lock':
      return 'no lock';
    case 'unreadable':
      return 'the lock cannot be read';
  }
}
