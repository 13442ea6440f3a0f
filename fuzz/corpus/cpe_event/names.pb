

00256DIGD1k1/downloadr

a