"""Whether receiving servers believe our mail: SPF, DKIM, DMARC and MX, judged from records; pure but for asking DNS."""
