
a1
/cse1/Ccfg/cse1/node7"
00256DIGD1*30:/cse1/aB60000Xb*+japplication/pkcs12rMAMCAQM=zDevice.Security.Certificate.3.Çcredäk1