import { z } from 'zod';
import {
  type ActionCall,
  type AnyAction,
  type Caller,
  type Cell,
  type Clock,
  defineAction,
  roles,
  type View,
} from '../sdk/index.js';
import type { AccessService } from './access-service.js';
import { auditActions } from './audit-actions.js';
import type { AuditLog } from './audit-log.js';
import { sessionIdleMs } from './session-store.js';

const userName = z
  .string()
  .regex(/^[a-z_][a-z0-9_.-]{0,31}$/)
  .describe('Name of the user: small letters, digits, _ . and -, at most 32');
const tokenName = z
  .string()
  .regex(/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63}$/)
  .describe('Name of the token: what it is for');
const role = z
  .enum(roles)
  .describe('viewer sees everything, operator changes settings, administrator also manages access and firmware');
const newPassword = z.string().max(1_024).describe('The password').meta({ secret: true, repeat: true });
const nothing = z.object({});
const user = z.object({ name: z.string(), role: z.enum(roles), createdAt: z.number() });
const token = z.object({
  name: z.string(),
  role: z.enum(roles),
  createdAt: z.number(),
  createdBy: z.string(),
  expiresAt: z.number().nullable(),
});

const dayMs = 86_400_000;

/** Users, tokens, sign-in and the audit log. */
export function accessActions(access: AccessService, audit: AuditLog, clock: Clock): readonly AnyAction[] {
  return [...userActions(access), ...tokenActions(access, clock), ...sessionActions(access), ...auditActions(audit)];
}

function userActions({ users, sessions }: AccessService): readonly AnyAction[] {
  return [
    defineAction({
      id: 'access.user.add',
      kind: 'call',
      summary: 'Create a user for the web interface and the console.',
      role: 'administrator',
      input: z.object({ name: userName, role, password: newPassword }),
      output: nothing,
      positionals: ['name', 'role'],
      run: async (input) => {
        await users.add(input.name, input.role, input.password);
        return {};
      },
      present: () => done('User created.'),
    }),
    defineAction({
      id: 'access.user.list',
      kind: 'call',
      summary: 'List the users.',
      role: 'operator',
      audited: false,
      input: nothing,
      output: z.object({ users: z.array(user) }),
      run: async () => ({ users: [...users.list()] }),
      present: (output) => ({
        kind: 'table',
        columns: ['User', 'Role', 'Created'],
        rows: output.users.map(({ name, role: has, createdAt }) => [name, has, day(createdAt)]),
        empty: 'No users. Create one: gemel access user add NAME ROLE',
      }),
    }),
    defineAction({
      id: 'access.user.remove',
      kind: 'call',
      summary: 'Remove a user and end the user’s sessions.',
      role: 'administrator',
      input: z.object({ name: userName }),
      output: nothing,
      positionals: ['name'],
      confirmation: 'Remove the user {name}?',
      run: async ({ name }) => {
        await users.remove(name);
        await sessions.endAllOf(name);
        return {};
      },
      present: () => done('User removed.'),
    }),
    defineAction({
      id: 'access.user.set-password',
      kind: 'call',
      summary: 'Set a user’s password and end the user’s sessions.',
      role: 'administrator',
      input: z.object({ name: userName, password: newPassword }),
      output: nothing,
      positionals: ['name'],
      run: async ({ name, password }) => {
        await users.setPassword(name, password);
        await sessions.endAllOf(name);
        return {};
      },
      present: () => done('Password set.'),
    }),
    defineAction({
      id: 'access.user.set-role',
      kind: 'call',
      summary: 'Change what a user may do, at once.',
      role: 'administrator',
      input: z.object({ name: userName, role }),
      output: nothing,
      positionals: ['name', 'role'],
      run: async (input) => {
        await users.setRole(input.name, input.role);
        return {};
      },
      present: () => done('Role set.'),
    }),
  ];
}

function tokenActions({ tokens }: AccessService, clock: Clock): readonly AnyAction[] {
  return [
    defineAction({
      id: 'access.token.create',
      kind: 'call',
      summary: 'Create a token for a program; it is shown once.',
      role: 'administrator',
      input: z.object({
        name: tokenName,
        role,
        days: z.int().min(0).max(3_650).default(365).describe('Days until it expires, 0 for never'),
      }),
      output: z.object({ token: z.string() }),
      positionals: ['name', 'role'],
      run: async (input, { caller }: ActionCall) => {
        const expiresAt = input.days === 0 ? null : clock.now() + input.days * dayMs;
        return {
          token: await tokens.create({ name: input.name, role: input.role, createdBy: caller.name, expiresAt }),
        };
      },
      present: (output) => ({
        kind: 'group',
        views: [
          { kind: 'text', text: 'Keep it now: it is not shown again.', tone: 'warn' },
          { kind: 'text', text: output.token },
        ],
      }),
    }),
    defineAction({
      id: 'access.token.list',
      kind: 'call',
      summary: 'List the tokens.',
      role: 'operator',
      audited: false,
      input: nothing,
      output: z.object({ tokens: z.array(token.extend({ expired: z.boolean() })) }),
      run: async () => ({
        tokens: tokens.list().map((entry) => ({ ...entry, expired: (entry.expiresAt ?? Infinity) <= clock.now() })),
      }),
      present: (output) => ({
        kind: 'table',
        columns: ['Token', 'Role', 'Created', 'By', 'Expires'],
        rows: output.tokens.map((entry) => [
          entry.name,
          entry.role,
          day(entry.createdAt),
          entry.createdBy,
          entry.expiresAt === null
            ? 'never'
            : ({ text: day(entry.expiresAt), tone: entry.expired ? 'bad' : 'plain' } satisfies Cell),
        ]),
        empty: 'No tokens.',
      }),
    }),
    defineAction({
      id: 'access.token.revoke',
      kind: 'call',
      summary: 'Revoke a token, at once.',
      role: 'administrator',
      input: z.object({ name: tokenName }),
      output: nothing,
      positionals: ['name'],
      confirmation: 'Revoke the token {name}? Programs that use it stop working.',
      run: async ({ name }) => {
        await tokens.revoke(name);
        return {};
      },
      present: () => done('Token revoked.'),
    }),
  ];
}

/** Only the doors of the gateway and the console let these through. */
function sessionActions(access: AccessService): readonly AnyAction[] {
  const session = z.string().describe('The session, as it was given at sign-in').meta({ secret: true });
  return [
    defineAction({
      id: 'access.login',
      kind: 'call',
      summary: 'Sign in with user name and password.',
      role: 'viewer',
      input: z.object({
        user: z.string().max(64).describe('Name of the user'),
        password: z.string().max(1_024).describe('The password').meta({ secret: true }),
      }),
      output: z.object({ session, name: z.string(), role: z.enum(roles), idleMs: z.number() }),
      admit: ({ user: name }, { caller }) => access.refuseLockedOut(name, sourceOfSignIn(caller)),
      run: async (input, { caller }: ActionCall) => ({
        ...(await access.signIn(input.user, input.password, sourceOfSignIn(caller))),
        idleMs: sessionIdleMs,
      }),
      present: ({ name, role: has }) => done(`Signed in as ${name}, ${has}.`),
    }),
    defineAction({
      id: 'access.logout',
      kind: 'call',
      summary: 'End a session.',
      role: 'viewer',
      input: z.object({ session }),
      output: nothing,
      run: async (input) => {
        await access.sessions.end(input.session);
        return {};
      },
      present: () => done('Signed out.'),
    }),
  ];
}

function sourceOfSignIn({ remote, name }: Caller): string {
  return remote?.address ?? name;
}

function done(text: string): View {
  return { kind: 'text', text, tone: 'ok' };
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
