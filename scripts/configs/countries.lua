-- configs/countries.lua: what the server knows about countries: whose games send no telemetry, whose players may not
-- switch it off, and what a leaderboard calls them (others by their two letters).
return {
  without_telemetry = "AD,AF,AG,AI,AL,AM,AN,AO,AQ,AR,AS,AW,AX,AZ,BA,BB,BD,BF,BH,BI,BJ,BM,BN,BO,BR,BS,BT,BV,BW,BY,BZ,"
    .. "CC,CD,CF,CG,CI,CK,CL,CM,CN,CO,CR,CU,CV,CX,DJ,DM,DO,DZ,EC,EG,EH,ER,ET,FJ,FK,FM,FO,GA,GD,GE,"
    .. "GF,GG,GH,GI,GL,GM,GN,GP,GQ,GS,GT,GU,GW,GY,HM,HN,HT,ID,IL,IM,IN,IO,IQ,IR,IS,JE,JM,JO,KE,KG,"
    .. "KH,KI,KM,KN,KP,KR,KW,KY,KZ,LA,LB,LC,LI,LK,LR,LS,LY,MA,MC,MD,ME,MG,MH,ML,MM,MN,MO,MP,MQ,MR,"
    .. "MS,MU,MV,MW,MY,MZ,NA,NC,NE,NF,NG,NI,NP,NR,NU,OM,PA,PE,PF,PG,PH,PK,PM,PN,PS,PW,PY,QA,RE,RS,"
    .. "RW,SA,SB,SC,SD,SG,SH,SJ,SL,SM,SN,SO,SR,ST,SV,SY,SZ,TC,TD,TF,TG,TH,TJ,TK,TL,TM,TN,TO,TT,TV,"
    .. "TZ,UA,UG,UM,UY,UZ,VA,VC,VE,VG,VN,VU,WF,WS,YE,YT,ZM,ZW,ZZ",
  without_choice = "US,CA,MX",
  names = {
    AT = "Austria", AU = "Australia", BE = "Belgium", BR = "Brazil", CA = "Canada", CH = "Switzerland", CZ = "Czechia",
    DE = "Germany", DK = "Denmark", ES = "Spain", FI = "Finland", FR = "France", GB = "United Kingdom", HU = "Hungary",
    IE = "Ireland", IT = "Italy", JP = "Japan", MX = "Mexico", NL = "Netherlands", NO = "Norway", NZ = "New Zealand",
    PL = "Poland", PT = "Portugal", RU = "Russia", SE = "Sweden", US = "United States", ZA = "South Africa",
  },
}
