/**
 * Frequent attributes that the `radius` package does not know, in the notation of FreeRADIUS dictionaries.
 *
 * The package has the RFCs' dictionaries up to 2011 and almost no vendor's. With these, `hash_key: 3GPP-IMSI` and a readable
 * `decode` work without a dictionary file. `names.io.ts` loads them like one, and more can be loaded there. It loads
 * hidden-dictionary.ts before, whose vendors and attributes are not repeated here.
 */
export const VENDOR_DICTIONARY = `
ATTRIBUTE Framed-IPv6-Address 168 ipv6addr
ATTRIBUTE DNS-Server-IPv6-Address 169 ipv6addr
ATTRIBUTE Route-IPv6-Information 170 ipv6prefix
ATTRIBUTE Delegated-IPv6-Prefix-Pool 171 string
ATTRIBUTE Stateful-IPv6-Address-Pool 172 string

VENDOR 3GPP 10415
BEGIN-VENDOR 3GPP
ATTRIBUTE 3GPP-IMSI 1 string
ATTRIBUTE 3GPP-Charging-ID 2 integer
ATTRIBUTE 3GPP-PDP-Type 3 integer
ATTRIBUTE 3GPP-Charging-Gateway-Address 4 ipaddr
ATTRIBUTE 3GPP-GPRS-Negotiated-QoS-profile 5 string
ATTRIBUTE 3GPP-SGSN-Address 6 ipaddr
ATTRIBUTE 3GPP-GGSN-Address 7 ipaddr
ATTRIBUTE 3GPP-IMSI-MCC-MNC 8 string
ATTRIBUTE 3GPP-GGSN-MCC-MNC 9 string
ATTRIBUTE 3GPP-NSAPI 10 string
ATTRIBUTE 3GPP-Session-Stop-Indicator 11 byte
ATTRIBUTE 3GPP-Selection-Mode 12 string
ATTRIBUTE 3GPP-Charging-Characteristics 13 string
ATTRIBUTE 3GPP-Charging-Gateway-IPv6-Address 14 ipv6addr
ATTRIBUTE 3GPP-SGSN-IPv6-Address 15 ipv6addr
ATTRIBUTE 3GPP-GGSN-IPv6-Address 16 ipv6addr
ATTRIBUTE 3GPP-SGSN-MCC-MNC 18 string
ATTRIBUTE 3GPP-IMEISV 20 string
ATTRIBUTE 3GPP-RAT-Type 21 byte
ATTRIBUTE 3GPP-User-Location-Info 22 octets
ATTRIBUTE 3GPP-MS-Time-Zone 23 octets
VALUE 3GPP-RAT-Type UTRAN 1
VALUE 3GPP-RAT-Type GERAN 2
VALUE 3GPP-RAT-Type WLAN 3
VALUE 3GPP-RAT-Type GAN 4
VALUE 3GPP-RAT-Type HSPA-Evolution 5
VALUE 3GPP-RAT-Type EUTRAN 6
VALUE 3GPP-RAT-Type Virtual 7
VALUE 3GPP-RAT-Type EUTRAN-NB-IoT 8
VALUE 3GPP-RAT-Type LTE-M 9
VALUE 3GPP-RAT-Type NR 10
END-VENDOR 3GPP

BEGIN-VENDOR Starent
ATTRIBUTE SN-VPN-ID 1 integer
ATTRIBUTE SN-VPN-Name 2 string
ATTRIBUTE SN-Disconnect-Reason 3 integer
ATTRIBUTE SN-Primary-DNS-Server 5 ipaddr
ATTRIBUTE SN-Secondary-DNS-Server 6 ipaddr
ATTRIBUTE SN-IP-Pool-Name 8 string
ATTRIBUTE SN-Local-IP-Address 13 ipaddr
ATTRIBUTE SN-Service-Type 24 integer
ATTRIBUTE SN-Virtual-APN-Name 94 string
ATTRIBUTE SN-Rulebase 250 string
ATTRIBUTE SN-Call-Id 251 integer
ATTRIBUTE SN-IMSI 252 octets
ATTRIBUTE SN-Session-Id 257 string
END-VENDOR Starent

BEGIN-VENDOR ERX
ATTRIBUTE ERX-Virtual-Router-Name 1 string
ATTRIBUTE ERX-Address-Pool-Name 2 string
ATTRIBUTE ERX-Primary-Dns 4 ipaddr
ATTRIBUTE ERX-Secondary-Dns 5 ipaddr
ATTRIBUTE ERX-Ingress-Policy-Name 10 string
ATTRIBUTE ERX-Egress-Policy-Name 11 string
ATTRIBUTE ERX-Pppoe-Description 24 string
ATTRIBUTE ERX-Qos-Profile-Name 26 string
ATTRIBUTE ERX-Input-Gigapkts 42 integer
ATTRIBUTE ERX-Output-Gigapkts 43 integer
ATTRIBUTE ERX-Dhcp-Mac-Addr 56 string
ATTRIBUTE ERX-MLPPP-Bundle-Name 62 string
ATTRIBUTE ERX-Service-Activate 65 string has_tag
ATTRIBUTE ERX-Service-Deactivate 66 string
ATTRIBUTE ERX-IPv6-Acct-Input-Octets 151 integer
ATTRIBUTE ERX-IPv6-Acct-Output-Octets 152 integer
ATTRIBUTE ERX-IPv6-Acct-Input-Packets 153 integer
ATTRIBUTE ERX-IPv6-Acct-Output-Packets 154 integer
ATTRIBUTE ERX-IPv6-Acct-Input-Gigawords 155 integer
ATTRIBUTE ERX-IPv6-Acct-Output-Gigawords 156 integer
END-VENDOR ERX

BEGIN-VENDOR Microsoft
ATTRIBUTE MS-CHAP-Response 1 octets
ATTRIBUTE MS-CHAP-Error 2 string
ATTRIBUTE MS-MPPE-Encryption-Policy 7 integer
ATTRIBUTE MS-MPPE-Encryption-Types 8 integer
ATTRIBUTE MS-CHAP-Domain 10 string
ATTRIBUTE MS-CHAP-Challenge 11 octets
ATTRIBUTE MS-CHAP2-Response 25 octets
ATTRIBUTE MS-CHAP2-Success 26 octets
ATTRIBUTE MS-Primary-DNS-Server 28 ipaddr
ATTRIBUTE MS-Secondary-DNS-Server 29 ipaddr
END-VENDOR Microsoft

VENDOR Cisco 9
BEGIN-VENDOR Cisco
ATTRIBUTE Cisco-AVPair 1 string
ATTRIBUTE Cisco-NAS-Port 2 string
ATTRIBUTE Cisco-Account-Info 250 string
ATTRIBUTE Cisco-Service-Info 251 string
ATTRIBUTE Cisco-Command-Code 252 string
END-VENDOR Cisco

VENDOR Juniper 2636
BEGIN-VENDOR Juniper
ATTRIBUTE Juniper-Local-User-Name 1 string
ATTRIBUTE Juniper-Allow-Commands 2 string
ATTRIBUTE Juniper-Deny-Commands 3 string
END-VENDOR Juniper
`
