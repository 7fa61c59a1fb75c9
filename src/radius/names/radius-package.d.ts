/**
 * The part of the `radius` package (1.1.4, plain JavaScript, without types) that we and our tests call. Two of its
 * underscored functions are among it: it offers no other way to load a dictionary from text or to ask for a type.
 */
declare module 'radius' {
  /** Name or number, then the value; a tag may stand between them; a vendor's attributes nest. */
  type RadiusAttribute = readonly [name: string | number, ...values: unknown[]]

  interface RadiusDecoded {
    readonly code: string
    readonly identifier: number
    readonly attributes: Readonly<Record<string, unknown>>
  }

  interface RadiusPackage {
    load_dictionaries(): void
    /** One FreeRADIUS dictionary as text; answers the files that it includes. */
    _load_dictionary(text: string): string[]
    /** What is known of an attribute: field 2 is its type, 3 its values' names by number, 5 its flags. */
    _attr_to(attribute: string | number, vendor: number | undefined, field: number): unknown
    attr_name_to_id(name: string, vendor?: number): string | undefined
    attr_id_to_name(id: number, vendor?: number): string | undefined
    vendor_name_to_id(name: string): string | undefined
    decode(o: { packet: Buffer; secret: string | Buffer }): RadiusDecoded
    decode_without_secret(o: { packet: Buffer }): RadiusDecoded
    encode(o: {
      code: string
      secret: string | Buffer
      identifier?: number
      authenticator?: Buffer
      attributes?: RadiusAttribute[]
      add_message_authenticator?: boolean
    }): Buffer
    encode_response(o: {
      packet: RadiusDecoded
      code: string
      secret: string | Buffer
      attributes?: RadiusAttribute[]
    }): Buffer
    verify_response(o: { request: Buffer; response: Buffer; secret: string | Buffer }): boolean
  }

  const radius: RadiusPackage
  export = radius
}
