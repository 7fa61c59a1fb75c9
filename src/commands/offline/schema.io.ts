/**
 * `radsluice schema`: the JSON Schema of the configuration file, for editors that complete and check while typing.
 */
import { jsonSchema } from '../../config/schema/json-schema.ts'
import { verb } from '../input/verb.ts'
import { writeJson } from '../terminal/output.io.ts'

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
