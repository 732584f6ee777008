import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ago, dayOf } from '../src/age';
import { pathAt, samePath, segments } from '../src/attrPath';
import { inLock, inWords, lockState, readLock } from '../src/lock';

describe('attribute paths', () => {
  test('names, quoted where they need it', () => {
    for (const [text, wanted] of [
      ['nodejs', ['nodejs']],
      ['python3Packages.requests', ['python3Packages', 'requests']],
      ['"nodejs-18_x"', ['nodejs-18_x']],
      ['vscode-extensions."4ops".terraform', ['vscode-extensions', '4ops', 'terraform']],
      [String.raw`a."b\"c.d"`, ['a', 'b"c.d']],
    ] as const) {
      assert.deepEqual(segments(text), wanted, text);
    }
    for (const text of ['', 'a.', '.a', 'a..b', 'a b', '"a', '"a"b']) assert.equal(segments(text), undefined, text);
  });

  test('quotes make no other path', () => {
    assert.ok(samePath('"nodejs".x', 'nodejs."x"'));
    assert.ok(!samePath('a.b', '"a.b"'));
    assert.ok(!samePath('', ''), 'what is no path is not the same as another');
  });

  test('the path under the cursor', () => {
    const line = '  buildInputs = [ pkgs.python3Packages.requests nodejs-18_x pkgs."a" ];';
    const at = (text: string) => pathAt(line, line.indexOf(text) + 1);
    assert.equal(at('requests'), 'python3Packages.requests');
    assert.equal(at('pkgs.python3'), 'python3Packages.requests');
    assert.equal(at('nodejs'), 'nodejs-18_x');
    assert.equal(pathAt(line, line.indexOf(' nodejs')), 'python3Packages.requests', 'at the end of a word');
    assert.equal(at('"a"'), '"a"');
    assert.equal(pathAt('  = [', 2), undefined);
  });
});

describe('packages.lock', () => {
  const rev = 'ab'.repeat(20);
  const pin = { attrPath: ['nodejs'], requirement: '^20', version: '20.11.0', revision: 'nixpkgs-1' };
  const text = (more: object) => JSON.stringify({ version: 1, pins: { nodejs: pin }, revisions: { 'nixpkgs-1': { rev } }, ...more });

  test('what it has for a pin', () => {
    const lock = readLock(text({}));
    assert.deepEqual(inLock(lock, '"nodejs"'), { requirement: '^20', version: '20.11.0', commit: rev });
    assert.equal(lockState(lock, 'nodejs', '^20'), 'locked');
    assert.equal(lockState(lock, 'nodejs', '^18'), 'changed');
    assert.equal(lockState(lock, 'nodejs', undefined), 'changed');
    assert.equal(lockState(lock, 'python3', '3.11.7'), 'not-locked');
    assert.equal(lockState(readLock(undefined), 'nodejs', '^20'), 'no-lock');
  });

  test('a lock that is none', () => {
    for (const bad of ['', '{', '[]', text({ version: 2 }), text({ pins: { a: {} } }), text({ revisions: {} })]) {
      const lock = readLock(bad);
      assert.equal(lock.state, 'unreadable', bad);
      assert.equal(lockState(lock, 'nodejs', '^20'), 'unreadable');
    }
  });

  test('every state has its own words', () => {
    const states = ['locked', 'changed', 'not-locked', 'no-lock', 'unreadable'] as const;
    assert.equal(new Set(states.map(inWords)).size, states.length);
  });
});

describe('ages', () => {
  test('in the words of the server', () => {
    const now = Date.parse('2024-01-01T12:00:00Z');
    const days = (count: number) => dayOf(now / 1000 - count * 86_400);
    for (const [count, wanted] of [
      [-3, 'today'], [0, 'today'], [1, 'yesterday'], [60, '60 days ago'], [61, '2 months ago'],
      [400, '13 months ago'], [731, '2 years ago'], [3000, '8 years ago'],
    ] as const) {
      assert.equal(ago(days(count), now), wanted, String(count));
    }
  });
});
