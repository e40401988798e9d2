"""The program beside the printers: it watches them and reports to the server. No Django here, and no other server code."""
