/**
 * `radsluice schema`: the JSON Schema of the configuration file, for editors that complete and check while typing.
 */
import { jsonSchema } from '../config/json-schema.ts'
import { writeJson } from './output.io.ts'
import { verb } from './verb.ts'

export const schema = verb({
  examples: [
    ['schema > config.schema.json', 'write the schema to a file'],
    ['schema | less', 'look at it'],
  ],
  options: { json: { type: 'boolean', default: true, describe: 'The schema is JSON anyway.' } },
  run: async () => {
    writeJson(jsonSchema())
    return 0
  },
})
