/*
 * The two requests that the generator sends, made once as templates and patched for each: number, counters, proof.
 *
 * Access: Message-Authenticator first, PAP, what a BNG sends of a PPPoE session; about 170 octets. Accounting: a record of an
 * MLPPP session with the attributes 42, 43, 62 and 151 to 156 of vendor 4874; about 380 octets. The request's number
 * stands in User-Name and in Acct-Session-Id as 16 hexadecimal digits.
 */
#ifndef BENCH_REQUESTS_H
#define BENCH_REQUESTS_H

#include "radius.h"

enum { DIGITS = 16, INTERIM = 3, START = 1 };

/* Places of what is patched. */
typedef struct {
  uint8_t octets[LONGEST];
  size_t length;
  size_t user, password, proof, session, status, input_octets, output_octets, input_high, output_high, session_time, event;
} Template;

static inline size_t add_attribute(Template *template, int type, const void *value, size_t octets) {
  uint8_t *at = template->octets + template->length;
  at[0] = (uint8_t)type;
  at[1] = (uint8_t)(octets + 2);
  memcpy(at + 2, value, octets);
  template->length += octets + 2;
  return template->length - octets;
}
static inline size_t add_text(Template *template, int type, const char *text) {
  return add_attribute(template, type, text, strlen(text));
}
static inline size_t add_number(Template *template, int type, uint32_t number) {
  uint32_t wire = htonl(number);
  return add_attribute(template, type, &wire, 4);
}
static inline void add_erx(Template *template, int type, const void *value, size_t octets) {
  uint8_t vsa[64] = {0, 0, 4874 >> 8, 4874 & 255, (uint8_t)type, (uint8_t)(octets + 2)};
  memcpy(vsa + 6, value, octets);
  add_attribute(template, VENDOR_SPECIFIC, vsa, octets + 6);
}
static inline void put_number(Template *template, size_t at, uint32_t number) {
  uint32_t wire = htonl(number);
  memcpy(template->octets + at, &wire, 4);
}

static inline void add_common(Template *template) {
  template->user = add_text(template, USER_NAME, "user-0123456789abcdef@example.com") + 5;
  add_number(template, 4, 0xc0000201); /* NAS-IP-Address 192.0.2.1 */
  add_number(template, 5, 306184213);  /* NAS-Port */
  add_number(template, 6, 2);          /* Service-Type Framed-User */
  add_number(template, 7, 1);          /* Framed-Protocol PPP */
  add_text(template, 31, "0090.1a41.ec2d");
  add_text(template, 32, "bench");
  add_text(template, 87, "ge-1/1/9.21:21");
}

static inline void finish(Template *template, int code) {
  template->octets[0] = (uint8_t)code;
  template->octets[2] = (uint8_t)(template->length >> 8);
  template->octets[3] = (uint8_t)template->length;
}

static inline Template access_template(void) {
  Template template = {.length = 20};
  static const uint8_t ZEROS[16];
  template.proof = add_attribute(&template, MESSAGE_AUTHENTICATOR, ZEROS, 16);
  add_common(&template);
  template.password = add_attribute(&template, USER_PASSWORD, ZEROS, 16);
  finish(&template, ACCESS_REQUEST);
  return template;
}

static inline Template accounting_template(void) {
  Template template = {.length = 20};
  static const uint8_t ZERO[4];
  add_common(&template);
  template.status = add_number(&template, 40, INTERIM);
  template.session = add_text(&template, 44, "0123456789abcdef");
  template.input_octets = add_number(&template, 42, 0);
  template.output_octets = add_number(&template, 43, 0);
  template.input_high = add_number(&template, 52, 0);
  template.output_high = add_number(&template, 53, 0);
  add_number(&template, 47, 406636696);
  add_number(&template, 48, 357477811);
  template.session_time = add_number(&template, 46, 0);
  add_number(&template, 8, 0x0a000003); /* Framed-IP-Address 10.0.0.3 */
  add_text(&template, 50, "787");
  template.event = add_number(&template, 55, 0);
  for (int type = 151; type <= 156; type += 1) add_erx(&template, type, ZERO, 4);
  add_erx(&template, 42, ZERO, 4);
  add_erx(&template, 43, ZERO, 4);
  add_erx(&template, 62, "bundle-21", 9);
  finish(&template, ACCOUNTING_REQUEST);
  return template;
}

static inline void put_digits(uint8_t *at, uint64_t number) {
  for (int i = DIGITS - 1; i >= 0; i -= 1, number >>= 4) at[i] = (uint8_t)"0123456789abcdef"[number & 15];
}

/* `authenticator` is the request's random one. */
static inline void make_access(Template *template, const Secret *secret, int identifier, uint64_t number,
                               const uint8_t authenticator[16]) {
  uint8_t *packet = template->octets;
  uint8_t hidden[16], password[16] = {0};
  packet[1] = (uint8_t)identifier;
  memcpy(packet + 4, authenticator, 16);
  put_digits(packet + template->user, number);
  Md5 md5; /* RFC 2865 section 5.2 */
  md5_begin(&md5);
  md5_add(&md5, secret->text, secret->octets);
  md5_add(&md5, authenticator, 16);
  md5_end(&md5, hidden);
  memcpy(password, PASSWORD, sizeof PASSWORD - 1);
  for (int i = 0; i < 16; i += 1) packet[template->password + i] = password[i] ^ hidden[i];
  message_authenticator(secret, packet, template->length, authenticator, template->proof, packet + template->proof);
}

/* The `round`th record of session `number`; its first is a Start, where it has more than one. */
static inline void make_accounting(Template *template, const Secret *secret, int identifier, uint64_t number,
                                   uint32_t round, int isStart) {
  static const uint8_t ZEROS[16];
  uint8_t *packet = template->octets;
  uint64_t octets = (uint64_t)round * 1500000000u;
  packet[1] = (uint8_t)identifier;
  put_digits(packet + template->user, number);
  put_digits(packet + template->session, number);
  put_number(template, template->status, isStart ? START : INTERIM);
  put_number(template, template->input_octets, (uint32_t)octets);
  put_number(template, template->output_octets, (uint32_t)(octets * 3));
  put_number(template, template->input_high, (uint32_t)(octets >> 32));
  put_number(template, template->output_high, (uint32_t)(octets * 3 >> 32));
  put_number(template, template->session_time, round * 600);
  put_number(template, template->event, (uint32_t)time(NULL));
  packet_digest(secret, packet, template->length, ZEROS, packet + 4); /* RFC 2866 section 3 */
}

#endif
