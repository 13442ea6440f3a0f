

00256DIGD1k1/downloadjœ
2
*Device.Security.Certificate.3.SerialNumber0ABC
2
*Device.Security.Certificate.3.SerialNumber0ABC
2
*Device.Security.Certificate.3.SerialNumber0ABC