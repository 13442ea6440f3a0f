

00256DIGD1k1/download‚«Fno
a­F