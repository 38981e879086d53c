"""The frame of all pages: headings, words, links, addresses and log-in."""
