/**
 * The environment of a program that a test starts as a user would: without what the test's own runner put there.
 */

/** What the outer run (`npm test`, vitest) put into the environment would leak into the inner ones. */
const OF_THE_OUTER_RUN =
  /^(npm_(lifecycle|package|command|execpath|node|config_local_prefix)|NODE_(ENV|OPTIONS)$|VITE|TEST$|INIT_CWD$)/i

/** The environment of this process without that, and with `more`. */
export const outerRunLeftOut = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const entries = Object.entries(process.env).filter(([name]) => !OF_THE_OUTER_RUN.test(name))
  return { ...Object.fromEntries(entries), ...more }
}
