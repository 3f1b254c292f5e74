extension SyntheticFunder {
  /// Funders of many countries and fields, each with the shapes of its award ids and names of its schemes as they
  /// appear in articles, written down from general knowledge. The format is that of `list(_:path:)`.
  static let builtInList = ##"""
    the National Science Foundation	NSF	US	[DMS|CCF|CNS|IIS|PHY|AST|EAR|OCE|DEB|IOS|CHE|DMR|CBET|ECCS|SES|BCS|OISE|MCB|CMMI|AGS|PLR][-|-|-| ][0|1|2]######; [0|1|2]######	CAREER Award; Graduate Research Fellowship Program; Graduate Research Fellowship; Major Research Instrumentation Program; EPSCoR; Partnerships for International Research and Education; Postdoctoral Research Fellowship
    the National Institutes of Health	NIH	US	[R01|R21|R03|U01|U54|P01|P30|P50|K08|K23|K99|T32|F31|F32|R35|R37|DP2][|-| ][AI|AG|CA|DK|GM|HL|MH|NS|EY|DE|HD|ES|EB|DA|AA|AR|LM|HG]######; [1|2|5|3] [R01|R21|U01|P01|T32] [CA|HL|AI|NS|GM|DK]######-[01|02|03|04|05|06|10]; [CA|HL|AI|NS|GM|DK|MH|AG][-|]#####; UL1[| ]TR00####	Ruth L. Kirschstein National Research Service Award; Clinical and Translational Science Award; Pathway to Independence Award; Medical Scientist Training Program; Director's New Innovator Award
    the National Cancer Institute	NCI	US	[R01|P30|U10|P01|K07|R21|U24][| ]CA######; P30[| |-]CA######; N01-[CN|CM|CO]-#####	Cancer Center Support Grant; Specialized Programs of Research Excellence
    the National Institute of General Medical Sciences	NIGMS	US	[R01|R35|P20|T32|R15|P41][| |-]GM######	Maximizing Investigators' Research Award; IDeA Networks of Biomedical Research Excellence
    the National Heart, Lung, and Blood Institute	NHLBI	US	[R01|K23|T32|P01|U01][| |-]HL######; HHSN2682########C; HL[-|]#####	
    the National Institute of Allergy and Infectious Diseases	NIAID	US	[R01|U19|R21|P01|UM1][| |-]AI######; HHSN2722########C	Centers of Excellence for Influenza Research and Surveillance
    the National Institute of Mental Health	NIMH	US	[R01|K23|R21|P50][| |-]MH######	
    the National Institute on Aging	NIA	US	[R01|P30|U01|K01|P50][| |-]AG0#####	
    the National Institute of Neurological Disorders and Stroke	NINDS	US	[R01|R21|P50|U01][| |-]NS######	
    the National Institute of Diabetes and Digestive and Kidney Diseases	NIDDK	US	[R01|P30|K01|U01][| |-]DK######	
    the National Eye Institute	NEI	US	[R01|P30|T32][| |-]EY0#####	
    the National Human Genome Research Institute	NHGRI	US	[U01|R01|U41|U54][| |-]HG0#####	
    the National Institute on Drug Abuse	NIDA	US	[R01|K01|P50][| |-]DA0#####	
    the Eunice Kennedy Shriver National Institute of Child Health and Human Development	NICHD	US	[R01|P2C|T32|K12][| |-]HD######	
    the U.S. Department of Energy	DOE	US	DE-SC00#####; DE-AC0[2|5]-[05|06|76]CH#####; DE-FG02-##ER#####; DE-AR000####; DE-EE000####	Early Career Research Program; Computational Science Graduate Fellowship; Scientific Discovery through Advanced Computing
    the U.S. Department of Defense	DoD	US	W81XWH-&-[1|2]-####	Breast Cancer Research Program; National Defense Science and Engineering Graduate Fellowship
    the Office of Naval Research	ONR	US	N00014-&-1-####; N00014-&-C-####	Multidisciplinary University Research Initiative; Young Investigator Program
    the Air Force Office of Scientific Research	AFOSR	US	FA9550-&-1-####; F49620-&-1-####	Young Investigator Program
    the Army Research Office	ARO	US	W911NF-&-1-####; DAAD19-&-1-####	
    the Defense Advanced Research Projects Agency	DARPA	US	HR0011-&-[C|2|1]-####; N66001-##-[C|1]-####; FA8750-##-2-####	
    the National Aeronautics and Space Administration	NASA	US	NNX&A[A|B|C|D|G|J|K|L|P|R]##G; 80NSSC&K####; NAG5-####; NAS[5|8]-#####; HST-GO-#####.0##-A	Astrophysics Theory Program; Earth and Space Science Fellowship; Hubble Fellowship
    the United States Department of Agriculture	USDA	US	20##-6####-#####; 58-####-#-###	Agriculture and Food Research Initiative; Specialty Crop Research Initiative
    the National Institute of Food and Agriculture	NIFA	US	20##-670##-#####; [MIN|CA|NYC|TEX]-##-###; 1######	Hatch project; Agriculture and Food Research Initiative
    the US Geological Survey	USGS	US	G##A[C|P]#####	National Earthquake Hazards Reduction Program
    the National Oceanic and Atmospheric Administration	NOAA	US	NA##[OAR|NOS|NMF]#######	Climate Program Office
    the National Institute of Standards and Technology	NIST	US	60NANB##D###; 70NANB##H###	
    the National Security Agency	NSA	US	H98230-&-1-####; MDA904-##-1-####	
    the Agency for Healthcare Research and Quality	AHRQ	US	[R01|K08|R18|T32][| ]HS0#####	
    the Centers for Disease Control and Prevention	CDC	US	[U01|U48|R01|U36][| ][DP|IP|OH|CK]00####; 200-20##-#####	Prevention Research Centers Program
    the Department of Veterans Affairs	VA	US	[I01|IK2|IK6] [BX|CX|HX|RX]00####	Merit Review Award; Career Development Award
    the Patient-Centered Outcomes Research Institute	PCORI	US	CER-####-####; ME-####-#####	
    the Environmental Protection Agency	EPA	US	R8[2|3]######; RD-8#######	Science to Achieve Results
    the Intelligence Advanced Research Projects Activity	IARPA	US	20##-########; W911NF-16-C-00##	
    the Alfred P. Sloan Foundation		US	FG-20##-#####; G-20##-#####; BR-####	Sloan Research Fellowship; Sloan Fellowship
    the Gordon and Betty Moore Foundation	GBMF	US	GBMF####; ####	EPiQS Initiative; Data-Driven Discovery Initiative
    the Simons Foundation		US	######; MP-[TMPS|SCMPS]-0000####	Simons Investigator Award; Collaboration Grant for Mathematicians; Simons Collaboration on the Many Electron Problem
    the Bill & Melinda Gates Foundation	BMGF	US	OPP#######; INV-######	Grand Challenges Explorations
    the John Templeton Foundation		US	#####; ID\# #####	
    the W. M. Keck Foundation		US		
    the David and Lucile Packard Foundation		US	20##-#####	Packard Fellowship for Science and Engineering
    the Robert A. Welch Foundation		US	[A|C|E|F|I|Q|AT|AU]-[0|1|2]###	
    the Howard Hughes Medical Institute	HHMI	US		International Student Research Fellowship; Faculty Scholars Program
    the American Heart Association	AHA	US	[10|12|14|15|16|17|18|19|20][SDG|PRE|POST|GRNT|IPA|CDA|TPA]########	Scientist Development Grant; Predoctoral Fellowship; Established Investigator Award
    the American Cancer Society	ACS	US	RSG-##-###-01-[CCG|TBE|LIB|CSM|DMC]; IRG-##-###-##; PF-##-###-01-[CSM|RMC]	Institutional Research Grant; Research Scholar Grant
    the American Diabetes Association	ADA	US	[1|7]-##-[BS|JF|CT|MN|PDF]-##	Junior Faculty Development Award
    the Juvenile Diabetes Research Foundation	JDRF	US	[1|3|5|17]-20##-###	
    the Alzheimer's Association		US	[NIRG|IIRG|AARF|AARG|MNIRG]-##-######	
    the Michael J. Fox Foundation	MJFF	US	#####; MJFF-0#####	
    the Chan Zuckerberg Initiative	CZI	US	20##-######	Neurodegeneration Challenge Network
    the Burroughs Wellcome Fund		US	10#####	Career Award at the Scientific Interface; Career Award for Medical Scientists
    the Damon Runyon Cancer Research Foundation		US	DRG-####-##; DRQ-##-##	
    the Robert Wood Johnson Foundation	RWJF	US	#####	Clinical Scholars Program
    the American Chemical Society Petroleum Research Fund	ACS PRF	US	#####-[AC|DNI|ND|UR]#; #####-[G|GB]#	
    the Semiconductor Research Corporation	SRC	US	20##-[JU|HJ|MC]-####	
    the European Research Council	ERC	EU	######; 101######; ERC-20##-[StG|CoG|AdG]-######	Starting Grant; Consolidator Grant; Advanced Grant; Synergy Grant; Proof of Concept Grant
    the European Commission	EC	EU	######; FP7-######; [HEALTH|KBBE|ENV|NMP]-F#-20##-######; MRTN-CT-20##-0#####	Seventh Framework Programme; Sixth Framework Programme; Marie Curie Intra-European Fellowship; Erasmus+; 7th Framework Programme
    the European Union	EU	EU	######; 101######; ######	Horizon 2020 research and innovation programme; Horizon Europe; Horizon 2020; Seventh Framework Programme (FP7/2007-2013); Marie Skłodowska-Curie Actions; LIFE programme; NextGenerationEU
    the European Regional Development Fund	ERDF	EU	POCI-01-0145-FEDER-0#####; KK.01.1.1.0#.00##; CZ.02.1.01/0.0/0.0/##_###/000####; 20##-#.#.#-TK###; ######	Interreg
    the European Social Fund	ESF	EU	POCH-02-53##-FSE-00####; ESF/14-BM-A55-00##/##	
    the European Space Agency	ESA	EU	40001#####/##/[NL|I]/[AI|NB|SC|EF]; 4000######	Climate Change Initiative
    COST (European Cooperation in Science and Technology)		EU	CA#####; [MP|BM|IC|FA]####	COST Action
    the European Molecular Biology Organization	EMBO	EU	ALTF ###-20##; ASTF ###-20##	Long-Term Fellowship; Young Investigator Programme
    the Human Frontier Science Program	HFSP	FR	RGP00##/20##; RGY00##/20##; LT######/20##[-L|-C|]	Long-Term Fellowship; Young Investigator Grant
    the Deutsche Forschungsgemeinschaft	DFG	DE	[HE|MU|SCH|KR|WA|BE|MA|GR|HO|LE|TR|ZI] ####/#-#; #########; [SFB|TRR|GRK|SPP|FOR|CRC|EXC] ####; EXC[-| ]20##/#; EXC-####-##########	Heisenberg Programme; Emmy Noether Programme; Priority Programme; Germany's Excellence Strategy; Collaborative Research Center; Research Training Group
    the German Research Foundation	DFG	DE	[HE|MU|SCH|KR|WA|BE] ####/#-#; #########; [SFB|TRR|GRK|SPP|FOR] ####	Emmy Noether Program; Cluster of Excellence; Gottfried Wilhelm Leibniz Prize
    the German Federal Ministry of Education and Research	BMBF	DE	0[1|3|5][E|G|K|Q|X|I|FH][A|I|O|U|S]####[A|B|]; 0315###[A|B|C|]; 01[EO|GQ|KI|ZX]####	
    the Bundesministerium für Bildung und Forschung	BMBF	DE	0[1|3|5][EO|GI|KU|QS|IS|L]#####[A|B|]; 13N#####	
    the Alexander von Humboldt Foundation	AvH	DE		Humboldt Research Fellowship; Sofja Kovalevskaja Award; Alexander von Humboldt Professorship
    the German Academic Exchange Service	DAAD	DE	57######; A/##/#####	Graduate School Scholarship Programme
    the Max Planck Society	MPG	DE		Max Planck Fellow Group
    the Helmholtz Association	HGF	DE	VH-NG-[####|###]; VH-VI-###; ExNet-00##	Helmholtz Young Investigators Group; Initiative and Networking Fund
    the Volkswagen Foundation		DE	[8|9]# ###; A######; I/8# ###	Freigeist Fellowship; Lichtenberg Professorship
    Deutsche Krebshilfe		DE	1#####; 70######	
    the Studienstiftung des deutschen Volkes		DE		
    Research Councils UK	RCUK	UK	EP/@######/1	
    the Engineering and Physical Sciences Research Council	EPSRC	UK	EP/[D|E|F|G|H|I|J|K|L|M|N|P|R|S|T|V]######/[1|1|2]; EP/K[0|5]#####/1; GR/[R|S|T]#####/01	Centre for Doctoral Training; Early Career Fellowship; Doctoral Training Partnership; Leadership Fellowship; Programme Grant
    the Biotechnology and Biological Sciences Research Council	BBSRC	UK	BB/[D|F|G|H|I|J|K|L|M|N|P|R|S]0####[#|X]/1; BBS/E/[C|D|J|T|W]/00000####; BB/[J|M]####/1	David Phillips Fellowship; Institute Strategic Programme; Doctoral Training Partnership; Future Leader Fellowship
    the Medical Research Council	MRC	UK	MR/[J|K|L|M|N|P|R|S]0####[#|X]/1; G#######; MC_U[U|P]_[1####/#|A###_####]; G##0####	Clinician Scientist Fellowship; Doctoral Training Partnership; Clinical Research Training Fellowship; Career Development Award
    the Natural Environment Research Council	NERC	UK	NE/[D|F|G|H|I|J|K|L|M|N|P|R]0####[#|X]/1; NE/@######/1	Independent Research Fellowship; Doctoral Training Partnership
    the Economic and Social Research Council	ESRC	UK	ES/[H|J|K|L|M|N|P|R]0####[#|X]/1; RES-###-##-####	
    the Science and Technology Facilities Council	STFC	UK	ST/[F|G|H|I|J|K|L|M|N|P|R|S]00####/1; PP/E######/1	Ernest Rutherford Fellowship
    the Arts and Humanities Research Council	AHRC	UK	AH/[H|I|J|K|L|M|N|P]0####[#|X]/1	
    UK Research and Innovation	UKRI	UK	MR/[S|T|V]0#####/1; EP/[X|Y]######/1	Future Leaders Fellowship
    Innovate UK		UK	10####; 1###56	Knowledge Transfer Partnership
    the National Institute for Health Research	NIHR	UK	RP-PG-####-#####; NIHR######; ##/##/##; HTA ##/##/##; PB-PG-####-#####	Biomedical Research Centre; Health Technology Assessment Programme; Senior Investigator Award; Academic Clinical Fellowship; Programme Grants for Applied Research
    the Wellcome Trust		UK	0#####/Z/[0|1]#/Z; [1|2]0####/Z/1#/Z; [0|1|2]#####; WT0#####	Investigator Award; Senior Research Fellowship; Principal Research Fellowship; Sir Henry Dale Fellowship; Institutional Strategic Support Fund; Strategic Award; Research Training Fellowship
    Wellcome		UK	2#####/Z/##/Z; 2#####/[A|B|C]/##/Z	Early-Career Award; Discovery Award
    the Royal Society		UK	UF######; [URF|RGF|RGS|IEC|ICA|RG]\\R1\\[#]#####; RG######; IE######	University Research Fellowship; Wolfson Research Merit Award; International Exchanges Scheme; Dorothy Hodgkin Fellowship
    the Royal Academy of Engineering	RAEng	UK	RF/201###; 10216/###	Research Chair; Senior Research Fellowship
    the Leverhulme Trust		UK	RPG-20##-###; RF-20##-###; ECF-20##-###; F/00 ###/@	Research Project Grant; Early Career Fellowship; Philip Leverhulme Prize
    Cancer Research UK	CRUK	UK	C#####/A#####; A#####; C###/A####	Clinician Scientist Fellowship; Cambridge Centre
    the British Heart Foundation	BHF	UK	[PG|FS|RG|RE|CH|SP]/##/###/#####; [PG|FS|RG]/##/0##	Intermediate Basic Science Research Fellowship; Chair of Cardiology
    Versus Arthritis		UK	2####	
    Alzheimer's Research UK	ARUK	UK	ARUK-[PG|PPG|SRF|RF]20##[A|B|]-##	
    Parkinson's UK		UK	[F|G|H|K|J]-####	
    Diabetes UK		UK	##/000####	RD Lawrence Fellowship
    the British Academy		UK	[SG|PF|SRG|pf]######; SG-#####	Postdoctoral Fellowship; Small Research Grants
    the Nuffield Foundation		UK	[EDU|JUS|FR]/#####	
    the Agence Nationale de la Recherche	ANR	FR	ANR-&-[CE##|BS##|BLAN|JCJC|JSV#|ASTR|ERC#]-####[|-##]; ANR-1[0|1]-[LABX|IDEX|EQPX|INBS]-00##[|-##]	Investissements d'Avenir; Laboratoire d'Excellence; Investments for the Future
    the French National Research Agency	ANR	FR	ANR-&-CE##-00##[|-##]; ANR-&-[BS|BLAN|JCJC|PIRE]-####	Investments for the Future Program; Labex; Young Researchers Programme
    the Centre National de la Recherche Scientifique	CNRS	FR	[PICS|GDRI|IRN|UMR] ####; IEA0####	ATIP-Avenir; Mission pour l'interdisciplinarité; Osez l'interdisciplinarité
    Inserm		FR		Plan Cancer; ATIP-Avenir program
    the Fondation pour la Recherche Médicale	FRM	FR	[DEQ|FDT|SPF|ECO|DPC|ING]20########	Equipe FRM
    the Institut National du Cancer	INCa	FR	PLBIO##-###; INCa-DGOS-[####|#####]; 20##-###	
    the Région Île-de-France		FR		DIM Analytics; SESAME
    the Centre National d'Etudes Spatiales	CNES	FR	4500######	TOSCA
    the Swiss National Science Foundation	SNSF	CH	[20002#|200020|310030|31003A|CRSII5|PP00P2|P2EZP2|PZ00P3|IZLJZ3|32003B|205321|CRSK-3|51NF40]_######[|/1]	Ambizione; Sinergia; Early Postdoc.Mobility; National Centre of Competence in Research; SNSF Professorship; Advanced Postdoc.Mobility
    the Austrian Science Fund	FWF	AT	[P|I|J|W|V|T|F][| ]#####[-N##|-B##|]; P[| ]#####; DOC-##	Lise Meitner Programme; START Prize; Erwin Schrödinger Fellowship
    the Netherlands Organisation for Scientific Research	NWO	NL	###.###.###; ###-##-###; OCENW.[KLEIN|GROOT|XS##].###; 024.00#.0##; VI.[Veni|Vidi|Vici].###.###	Veni; VIDI; Gravitation programme; Rubicon; Spinoza Prize; Vici grant
    ZonMw		NL	########; #####.####; 9#######	TOP grant
    the Dutch Cancer Society	KWF	NL	[UVA|EMCR|NKI|UL|RUG] 20##-####; #####	
    the Research Foundation – Flanders	FWO	BE	G0@##[17|18|19|20]N; 1[2|1|S]@####N; G.0###.##; V4#####N; EOS ########	Odysseus; Postdoctoral Fellowship
    the Fonds de la Recherche Scientifique	F.R.S.-FNRS	BE	PDR T.0###.##; J.0###.##; CDR J.0###.##; EOS O0#####	
    the KU Leuven		BE	C[1|2]4/##/0##; OT/##/0##; IDO/##/0##	Special Research Fund
    the Swedish Research Council	VR	SE	20##-0####; 621-20##-####; K20##-##X-#####-##-#; 20##-####; 340-20##-####	Linnaeus Centre
    the Knut and Alice Wallenberg Foundation	KAW	SE	KAW 20##.0###; 20##.0###	Wallenberg Academy Fellow; Wallenberg AI, Autonomous Systems and Software Program
    Vinnova		SE	20##-0####	
    Formas		SE	20##-0####; 2##-20##-####	
    the Swedish Cancer Society		SE	CAN 20##/###; ## #### [Pj|Fk]	
    the Research Council of Norway	RCN	NO	######; ######/[F20|V40|E50|O70]	Centres of Excellence; FRIPRO; Klimaforsk
    the Academy of Finland	AKA	FI	######; 3#####	Centre of Excellence Programme; Flagship Programme; Academy Research Fellow
    the Sigrid Jusélius Foundation		FI		
    Business Finland		FI	####/31/20##	
    the Independent Research Fund Denmark	DFF	DK	[####-#####B|DFF-####-#####|####-#####]	Sapere Aude; Research Project 1
    the Danish National Research Foundation	DNRF	DK	DNRF##; DNRF1##	
    the Novo Nordisk Foundation	NNF	DK	NNF##[OC|SA|CC]00#####	Challenge Programme; Excellence Emerging Grant
    the Lundbeck Foundation		DK	R###-20##-####; R##-A####	Ascending Investigator
    the Carlsberg Foundation		DK	CF##-####; 20##_01_0###	
    the Villum Foundation		DK	#####; 000#####	Villum Investigator; Villum Young Investigator
    the Icelandic Research Fund	RANNIS	IS	######-05#; ######	
    Science Foundation Ireland	SFI	IE	##/[IA|RC|SIRG|CDA|US|PI]/####; ##/RC/####_P2; SFI/12/RC/22##	Research Centres Programme; Starting Investigator Research Grant
    the Irish Research Council	IRC	IE	GOIPG/20##/####; GOIPD/20##/###	Government of Ireland Postgraduate Scholarship; Employment-Based Postgraduate Programme
    the Health Research Board	HRB	IE	[HRA|ILP|CSA|PhD]-20##-###; CRA_20##_##	
    the Spanish Ministry of Economy and Competitiveness	MINECO	ES	[MTM|FIS|BFU|SAF|CTM|TIN|CGL|AGL|MAT|AYA|ECO]20##-#####[-P|-R|-C2-1-R|-C3-2-R|]; SEV-20##-0###; FPDI-20##-####	Severo Ochoa Programme; Juan de la Cierva; Ramón y Cajal Programme; María de Maeztu Unit of Excellence
    the Ministerio de Ciencia e Innovación	MICINN	ES	PID20##-######[GB|RB|OB|EB]-[I00|C21|C22]; [TIN|FIS|CGL|BFU]20##-#####; PRE20##-0#####	Ramón y Cajal; FPI; Severo Ochoa
    the Instituto de Salud Carlos III	ISCIII	ES	PI&/#####; PI&/00###; CP##/00###; RD##/00##/00##; FIS PI&/0####	Miguel Servet; Sara Borrell; Fondo de Investigación Sanitaria
    the Generalitat de Catalunya		ES	20##[ ]SGR[ |-|]####; SGR-###	
    the Generalitat Valenciana		ES	PROMETEO/20##/###; ACIF/20##/###; CIPROM/20##/##	
    the Junta de Andalucía		ES	P##-[TIC|CVI|FQM|RNM]-#####; [FQM|CTS|BIO]-###	
    the Comunidad de Madrid		ES	S20##/[BMD|MIT|ICE|BMD]-####; P20##/BMD-####	
    the Fundação para a Ciência e a Tecnologia	FCT	PT	UID[B|P|]/[####|#####]/20##; PTDC/[BIA|MAT|FIS|SAU|CTM|QUI]-[@@@]/####/20##; SFRH/BPD/#####/20##; SFRH/BD/#####/20##; CEECIND/0####/20##	Scientific Employment Stimulus; Associate Laboratory; Investigador FCT
    the Italian Ministry of Education, University and Research	MIUR	IT	20##[@@@@@@]##; RBFR##@@@#; 20##[@@@]####; ARS01_0####	PRIN; FIRB; Progetti di Ricerca di Interesse Nazionale; Departments of Excellence; Dipartimenti di Eccellenza
    Fondazione AIRC per la Ricerca sul Cancro	AIRC	IT	IG[| |-|- ]#####; IG 20##-#####; MFAG #####	Investigator Grant
    the Italian Ministry of Health		IT	GR-20##-########; RF-20##-########; RC-20##-#######	Ricerca Corrente; Ricerca Finalizzata
    the Fondazione Cariplo		IT	20##-0###	
    Telethon		IT	GGP#####; GGP##B###	
    the Istituto Nazionale di Fisica Nucleare	INFN	IT		
    the Italian Space Agency	ASI	IT	20##-##-HH.0; I/0##/##/0	
    the Hellenic Foundation for Research and Innovation	HFRI	GR	####; HFRI-FM17-####	
    the General Secretariat for Research and Technology	GSRT	GR	T1EDK-0####; ##SYN-##-###	
    the National Science Centre, Poland	NCN	PL	UMO-20##/##/[B|D|N|M|A|E]/[ST#|NZ#|HS#]/0####; 20##/##/[B|D|N]/[ST|NZ|HS]#/0####; DEC-20##/##/[B|N]/[ST|NZ]#/0####	OPUS; SONATA; PRELUDIUM; HARMONIA; MAESTRO
    the Polish Ministry of Science and Higher Education		PL	N N### ######; IP20## 0#####; #### /B/[P01|H03]/20##/##	Iuventus Plus; Diamond Grant; Regional Initiative of Excellence
    the Foundation for Polish Science	FNP	PL	POIR.04.04.00-00-####/##; TEAM/20##-#/#	START; TEAM programme; HOMING
    the Czech Science Foundation	GAČR	CZ	##-#####[S|Y|J|K]; P###/##/####; GA##-#####S; ###/##/####	EXPRO; Junior Star
    the Grant Agency of the Czech Republic	GA ČR	CZ	##-#####S; P###/##/####; ###/0#/####	
    the Ministry of Education, Youth and Sports of the Czech Republic	MŠMT	CZ	LM20#####; LQ####; CZ.02.1.01/0.0/0.0/##_0##/000####; LO####; MSM###########; 7AMB##FR0##	National Sustainability Programme; Large Infrastructures for Research
    the Charles University Grant Agency	GAUK	CZ	######/####	
    the Slovak Research and Development Agency	APVV	SK	APVV-##-0###; APVV-0###-##; SK-[AT|CZ]-20##-00##	
    the Scientific Grant Agency of the Ministry of Education of the Slovak Republic	VEGA	SK	[1|2]/0###/##; VEGA [1|2]/0###/##	
    the Hungarian Scientific Research Fund	OTKA	HU	K[| |-]######; [NN|PD|T][|-]######; K-#####	
    the National Research, Development and Innovation Office	NKFIH	HU	K[ |-|]1#####; [FK|PD|KH|SNN][| ]1#####; 20##-1.2.1-NKP-20##-0000#	ÚNKP New National Excellence Program; Thematic Excellence Programme
    the Hungarian Academy of Sciences	MTA	HU	LP20##-##/20##	Lendület; János Bolyai Research Scholarship
    the Romanian National Authority for Scientific Research	CNCS-UEFISCDI	RO	PN-III-P#-#.#-[ID-PCE|TE|PED]-20##-0###; PN-II-ID-PCE-20##-#-0###	
    the Croatian Science Foundation	HRZZ	HR	IP-20##-0#-####; HRZZ-IP-20##-##-####; UIP-20##-0#-####	
    the Slovenian Research Agency	ARRS	SI	[P|J|N|Z]#-0###; [P|J]#-####; P2-000#	
    the Ministry of Education, Science and Technological Development of the Republic of Serbia	MESTD	RS	[OI|III|TR][ |]#####; 17####; 451-03-##/20##-14/200###	
    the Bulgarian National Science Fund	BNSF	BG	DN ##/##; KP-06-[N|H]##/##; DFNI-[B|T]##/##	
    the Estonian Research Council	ETAg	EE	PRG####; PUT####; IUT##-##	
    the Research Council of Lithuania	LMTLT	LT	S-MIP-##-##; MIP-0##/20##; 09.3.3-LMT-K-712-##-####	
    the Latvian Council of Science		LV	lzp-20##/#-0###; ###/20##	
    the Russian Science Foundation	RSF	RU	##-[1|2|4|6|7]#-#####; ##-##-00###	
    the Russian Foundation for Basic Research	RFBR	RU	##-0#-#####; ##-##-#####[| mol_a|-a]; ##-0#-00###-а	
    the Ministry of Science and Higher Education of the Russian Federation		RU	075-15-20##-####; 075-00###-##-0#; FSRR-20##-00##; 14.@##.21.####; AAAA-A##-###############	megagrant
    the National Academy of Sciences of Ukraine	NASU	UA	0#1#U00####	
    the Scientific and Technological Research Council of Turkey	TUBITAK	TR	1##[E|F|M|O|S|T|Z]###; #######; 2##[Z|N]###	2211 National Graduate Scholarship Program; 1001 programme
    the Israel Science Foundation	ISF	IL	####/##; ###/##; [1|2]###/#[0|1|2]	Centers of Research Excellence; I-CORE Program
    the United States-Israel Binational Science Foundation	BSF	IL	20#####; 20##-0##	
    the German-Israeli Foundation for Scientific Research and Development	GIF	IL	I-####-###.#/20##; G-####-###.#/20##	
    the Iran National Science Foundation	INSF	IR	9#######; 8#######	
    the Vice Chancellor for Research of Tehran University of Medical Sciences		IR	9#-0#-##-#####; IR.TUMS.REC.13##.###	
    King Abdulaziz City for Science and Technology	KACST	SA	##-[MED|NAN|BIO|ENV]####-0#; [AT|MS]-##-###	National Plan for Science, Technology and Innovation
    the Deanship of Scientific Research at King Saud University	DSR	SA	RG[P|]-[VPP-###|14##-0##|14##-###]; RSP-20##/###; RGP-####	
    King Abdullah University of Science and Technology	KAUST	SA	OSR-20##-CRG#-####[.0#|]; BAS/1/####-01-01; URF/1/####-01	Competitive Research Grants
    the Qatar National Research Fund	QNRF	QA	NPRP[ |]#-###-#-###; NPRP##S-####-######; [GSRA|PDRA]#-#-####-#####	National Priorities Research Program
    the Science and Technology Development Fund	STDF	EG	#####; US##-###	
    the National Research Foundation of South Africa	NRF	ZA	######; [UID|SARCHI] ######; CPRR############	South African Research Chairs Initiative; Thuthuka
    the South African Medical Research Council	SAMRC	ZA	#####; MRC-RFA-UFSP-0#-20##	Self-Initiated Research Grants
    the Department of Science and Technology, Government of India	DST	IN	SR/S#/[CMP|OC|PU|HEP]-[##|###]/20##; SR/[FST|WOS-A]/[LS|PS|CS|ETI]-###/20##; IFA##-[PH|MA|CH|LSBM]###; DST/INSPIRE/0#/20##/00####; SB/[S#|FT|YS]/[CS|LS|PS]-###/20##	INSPIRE Faculty Award; INSPIRE Fellowship; FIST; Ramanujan Fellowship
    the Science and Engineering Research Board	SERB	IN	[CRG|ECR|EMR|MTR|SRG|PDF]/20##/00####; SB/[S#|FT]/[CS|LS]-0##/20##	Core Research Grant; National Post-Doctoral Fellowship; J C Bose Fellowship
    the Council of Scientific and Industrial Research	CSIR	IN	##(####)/##/EMR-II; 09/###(####)/20##-EMR-I; BSC-01##; MLP-####	Senior Research Fellowship; Network Project
    the University Grants Commission	UGC	IN	F.[| ]##-##/20##[(SR)|(BSR)]; F.4-2/2006 (BSR)/[BL|PH|CH]/##-##/0###; MRP-MAJOR-[BOTA|ZOOL]-20##-####	Dr. D. S. Kothari Postdoctoral Fellowship; Special Assistance Programme; Major Research Project; Junior Research Fellowship
    the Department of Biotechnology	DBT	IN	BT/PR#####/[BRB|MED|AGR|NNT|PBD]/##/###/20##; BT/[RLF|HRD]/##/##/20##; BT/INF/22/SP#####/20##	Ramalingaswami Re-entry Fellowship
    the Indian Council of Medical Research	ICMR	IN	5/#-#/[###|##]/20##-[NCD|ECD]-[I|II|III]; 45/##/20##-[BIO|HUM]/BMS; 80/###/20##-ECD-I	
    the Indian Council of Agricultural Research	ICAR	IN	[NASF|NFBSFARA]/[ABP|GTR|CA]-70##/20##-##	National Agricultural Science Fund
    the Department of Atomic Energy	DAE	IN	12-R\&D-TFR-5.##-0###; RTI4001	
    the Higher Education Commission	HEC	PK	[##-####|###-#####]/[NRPU|SRGP]/R\&D/HEC/##/###; NRPU-#####	National Research Program for Universities; Indigenous PhD Fellowship
    the National Natural Science Foundation of China	NSFC	CN	[1|2|3|4|5|6|7|8][0|1|1|2|2]######; [2|3|5|6|7|8][1|2][0|3|6|7|9]#####; U1[4|5|6|7|8|9]#####; [1|2|3|5|6|7|8]1[5|9|6|8]#0#####	National Science Fund for Distinguished Young Scholars; Excellent Young Scientists Fund; Major Research Plan; General Program; Key Program; Young Scientists Fund
    the National Key Research and Development Program of China		CN	20[16|17|18|19|20|21|22]YF[A|B|C|D|E]0######; 20[16|17|18|19|20]YF[A|B|C|D]#######	
    the National Basic Research Program of China	973 Program	CN	20[07|09|10|11|12|13|14|15]CB######	
    the National High Technology Research and Development Program of China	863 Program	CN	20[06|08|09|11|12|13|14|15]AA######	
    the Ministry of Science and Technology of China	MOST	CN	20##YF[A|B|C]#######; 20##CB######; 20##ZX0####-00#	National Science and Technology Major Project; International S&T Cooperation Program
    the Chinese Academy of Sciences	CAS	CN	XD[A|B|PB]########; QYZD[B|J|Y]-SSW-[SYS|DQC|SMC]###; KSCX2-[EW|YW]-[G|N|Q|Z]-[###|##]; KZCX2-YW-###; 20##[0##|1##]	Strategic Priority Research Program; Hundred Talents Program; Youth Innovation Promotion Association; President's International Fellowship Initiative; Key Research Program of Frontier Sciences
    the China Postdoctoral Science Foundation		CN	20##[M|T]######	
    the China Scholarship Council	CSC	CN	20##0[#######|6######|8######]; 20##########	
    the Fundamental Research Funds for the Central Universities		CN	[JUSRP|SWU|KYZ|XDJK|WUT|lzujbky-|FRF-TP-|N1|DUT##|SCUT|HUST|CUG|2572#]#####[|-##|A##]; 20##[QN|JC|ZD|CDJ]###; 20##[@@@@]##	
    the Natural Science Foundation of Jiangsu Province		CN	BK20######; BE20#####	
    the Natural Science Foundation of Zhejiang Province		CN	[LY|LQ|LZ|LR|LD]##[A|B|C|D|E|F|G|H]######	
    the Natural Science Foundation of Shandong Province		CN	ZR20##[M|B|Q|P][A|B|C|D|E|F|H|M]###; ZR####[@@]###	Taishan Scholar Program
    the Guangdong Basic and Applied Basic Research Foundation		CN	20##[A|B]15[1##|15]0#####; 20##A1515######	
    the Beijing Natural Science Foundation		CN	[2|3|4|5|6|7|8|9|Z|JQ]######; L######	
    the Shanghai Municipal Science and Technology Commission		CN	##[JC|ZR|DZ|PJ|XD|YF|411]14#####; ##[DZ|ZR]#######	Shanghai Pujiang Program; Shanghai Rising-Star Program; Yangfan Program
    the 111 Project		CN	B[0|1|2]#0##; D#####; BP0######	
    the Research Grants Council of Hong Kong	RGC	HK	[HKU|CUHK|HKUST|CityU|PolyU] ######/##[|M|E|P]; [1|2]4######; [T|C]##-###/##-[R|N|G]; 1######	General Research Fund; Collaborative Research Fund; Theme-based Research Scheme
    the Innovation and Technology Commission	ITC	HK	ITS/###/##[|FP]; ITC-CNERC14##	
    the Ministry of Science and Technology, Taiwan	MOST	TW	MOST[ |-|]1##-[2|23]###-[B|E|M|H]-0##-0##[|-MY3|-MY2]; 1##-2###-[M|E|B]-00#-0##	
    the National Science Council of Taiwan	NSC	TW	NSC[ |-]##-####-[B|E|M|H]-###-0##[|-MY3]; ##-####-[B|E|M]-###-0##	
    Chang Gung Memorial Hospital	CGMH	TW	CMRP[G|D|F][8|1|3][@####|######]	
    Academia Sinica		TW	AS-[CDA|IA|GC|TP]-1##-[M|L]0#; AS-##-TP-[A|B]0#	Career Development Award; Investigator Award
    the Japan Society for the Promotion of Science	JSPS	JP	[JP|JP|][1|2][#][H|K|J|F]0####; ########; [JP|]##[H|K]0####; JPJSCCA########	KAKENHI; Grant-in-Aid for Scientific Research (B); Grant-in-Aid for Young Scientists (B); Core-to-Core Program; Grant-in-Aid for JSPS Fellows; Grants-in-Aid for Scientific Research; Overseas Research Fellowship; Research Fellowship for Young Scientists
    the Japan Science and Technology Agency	JST	JP	JPMJ[CR|PR|ER|FR|SP|AX|FS|MS]####; JPMJ[CR|PR]##@#; JPM[JER|JCR]####	CREST; PRESTO; ERATO; FOREST Program; ACT-X; Moonshot R&D; SPRING
    the Ministry of Education, Culture, Sports, Science and Technology of Japan	MEXT	JP	########; [JP|]##H0####; JPMXP############; 221S000#	World Premier International Research Center Initiative; Grant-in-Aid for Scientific Research on Innovative Areas; Q-LEAP; Global COE Program
    the Japan Agency for Medical Research and Development	AMED	JP	[JP|]##[ek|fk|gm|ak|cm|dm|lm|wm|ck|km]0######[h|s|j]000#	Platform Project for Supporting Drug Discovery and Life Science Research; Brain/MINDS; AMED-CREST
    the New Energy and Industrial Technology Development Organization	NEDO	JP	JPNP#####; ##A#####[a|d]	
    the Ministry of Health, Labour and Welfare of Japan	MHLW	JP	H##-[General|Nanchi|Kokusai|Shinko]-[Ippan|General]-0##; ##[FC|FA|HA|KB|LA]#[0|1|2]0#	
    the Takeda Science Foundation		JP		
    the Uehara Memorial Foundation		JP	20####0##	
    the Naito Foundation		JP		
    the Mitsubishi Foundation		JP	20#####	
    the Sumitomo Foundation		JP	######	
    the National Research Foundation of Korea	NRF	KR	[NRF-|NRF-|]20##[R1A2C|R1A6A1A|M3A9[A|B|C|D|E|G|H]|R1D1A1[A|B]|R1F1A1|R1C1C1|R1A4A1|M3C7A1|H1D3A][#######|########]; [NRF-|]20##-00#####; 20##-0######	Basic Science Research Program; BK21 FOUR; Brain Korea 21 PLUS; Global Research Laboratory Program; Bio & Medical Technology Development Program; Priority Research Centers Program
    the Ministry of Science and ICT	MSIT	KR	20##-0-0####; IITP-20##-20##-0-0####; [NRF-|]20##M3[A|C|E]#[A|B]######	ITRC support program; Global Frontier Program
    the Institute for Information & Communications Technology Planning & Evaluation	IITP	KR	20##-0-0####; RS-20##-00######; IITP-20##-0-0####	
    the Korea Health Industry Development Institute	KHIDI	KR	H[I|R]##C####; HI##C####[0###|]; A######	Korea Health Technology R&D Project
    the Rural Development Administration	RDA	KR	PJ0######[|##]; PJ01####0#	Cooperative Research Program for Agriculture Science & Technology Development; Next-Generation BioGreen 21 Program
    the Korea Institute of Energy Technology Evaluation and Planning	KETEP	KR	20##########; 20##40101#####	
    the National Research Foundation, Singapore	NRF	SG	NRF-[CRP##-20##-##|NRFF##-20##-00##|NRFI20##-0#]; NRF20##[EWT-EIRP|NRF-CRP]00#-0##	Competitive Research Programme; NRF Investigatorship; Campus for Research Excellence and Technological Enterprise
    the Agency for Science, Technology and Research	A*STAR	SG	[SERC |]1########; A####[e|b|a]00##; AcRF-Tier2-####	
    the Ministry of Education, Singapore	MOE	SG	MOE20##-T[2|3]-#-###; RG##/##; MOE-T2EP#####-00##; R-###-000-###-###	Academic Research Fund Tier 1; Academic Research Fund Tier 2
    the National Medical Research Council	NMRC	SG	NMRC/[CIRG|CBRG|TCR|OFIRG|CSA]/####/20##; MOH-00####	Clinician Scientist Award
    Universiti Malaya	UM	MY	[RG|RP|PG|FP|BK]###-##[AFR|HTM|SUS|@@@]; UM.C/625/1/HIR/MOHE/[###|@@@@]/##; FRGS/1/20##/[STG|TK|SKK]0#/UM/0#/#	
    the Ministry of Higher Education Malaysia	MOHE	MY	FRGS/[1|2]/20##/[STG|TK|SKK|SG]0#/[UKM|UM|USM|UPM|UTM]/0[1|2|3]/[#|##]; LRGS/20##/[USM|UKM]/0#/0#	Fundamental Research Grant Scheme; Long Term Research Grant Scheme
    the Thailand Research Fund	TRF	TH	[RSA|BRG|MRG|TRG|DBG|PHD/0]##[8|6]00##; RTA######	Royal Golden Jubilee Ph.D. Program; Senior Research Scholar
    the National Science and Technology Development Agency	NSTDA	TH	P-##-#####; SCH-NR20##-###	
    the National Foundation for Science and Technology Development	NAFOSTED	VN	10#.##-20##.##; 106.##-20##.###	
    the Ministry of Research and Technology of the Republic of Indonesia		ID	##/E1/KP.PTNBH/20##; ###/SP2H/LT/DRPM/20##	
    the Australian Research Council	ARC	AU	[DP|DP|DE|FT|LP|CE|FL|LE|SR|IH]##0######; [DP|DE|FT|LP]###0####	Discovery Project; Future Fellowship; Discovery Early Career Researcher Award; Linkage Project; Australian Laureate Fellowship; Centre of Excellence
    the National Health and Medical Research Council	NHMRC	AU	[APP|GNT|APP|]1######; ######; [APP|GNT]#######	Early Career Fellowship; Senior Research Fellowship; Project Grant; Career Development Fellowship; Program Grant; Investigator Grant
    the Grains Research and Development Corporation	GRDC	AU	[UWA|CSP|DAN|UA|US|UM|DAV|ACP]000##[|#]; UMU000##	
    the Australian Government Research Training Program		AU		Research Training Program Scholarship
    Cancer Council NSW		AU	RG ##-##; PG ##-##	
    the Marsden Fund	RSNZ	NZ	[UOA|UOO|VUW|MAU|UOC][|-][#|1]####; MFP-UO[A|O|C]####; ##-UO[A|O]-0##	Fast-Start
    the Health Research Council of New Zealand	HRC	NZ	##/###; ##-###	Sir Charles Hercus Health Research Fellowship
    the Ministry of Business, Innovation and Employment	MBIE	NZ	C0[1|5|9]X####; UOAX####; RTVU####	Endeavour Fund; Smart Ideas
    the Natural Sciences and Engineering Research Council of Canada	NSERC	CA	RGPIN[-|- | ]20##-0####; [RGPIN|RGPAS|STPGP|CRDPJ|RGPNS] ######-##; ######-##; [A|OGP]#####	Discovery Grant; Alexander Graham Bell Canada Graduate Scholarship; Discovery Grants program; Canada Research Chairs; Collaborative Research and Development Grant; CREATE program
    the Canadian Institutes of Health Research	CIHR	CA	[MOP|PJT|FDN|FRN|MT|OTG|HIT|MSH|FRN:|PJT -][-|-| ][######|#####]	Foundation Grant; Frederick Banting and Charles Best Canada Graduate Scholarship; New Investigator Award; Vanier Canada Graduate Scholarship; Canada Research Chair
    the Social Sciences and Humanities Research Council of Canada	SSHRC	CA	435-20##-0###; 410-20##-####; 430-20##-00###	Insight Grant; Insight Development Grant
    the Canada Foundation for Innovation	CFI	CA	#####	John R. Evans Leaders Fund; Leaders Opportunity Fund
    Genome Canada		CA	####; LSARP-#####	
    the Fonds de recherche du Québec – Santé	FRQS	CA	#####; ######	Chercheur-boursier
    the Fonds de recherche du Québec – Nature et technologies	FRQNT	CA	20##-[PR|NC|B1X|AG]-######; ######	
    Mitacs		CA	IT#####	Accelerate program; Elevate; Globalink
    the Ontario Ministry of Research and Innovation		CA	ER##-##-###; RE0#-0##	Early Researcher Award; Ontario Research Fund
    Alberta Innovates		CA	2015#####; G20##000###	
    the Michael Smith Foundation for Health Research	MSFHR	CA	#####; SCH-20##-####	Scholar Award; Trainee Award
    the Heart and Stroke Foundation of Canada		CA	G-##-000####; T-####	Grant-in-Aid
    the Fundação de Amparo à Pesquisa do Estado de São Paulo	FAPESP	BR	20##/#####-#; 20##/0####-#; ##/#####-#	Thematic Project; Young Investigators Grant; Research, Innovation and Dissemination Centers
    the São Paulo Research Foundation	FAPESP	BR	20##/#####-#; 20##/#####‐#	
    the Conselho Nacional de Desenvolvimento Científico e Tecnológico	CNPq	BR	3#####/20##-#; 4#####/20##-#; 14####/20##-#; ######/##-#	Universal; Bolsa de Produtividade em Pesquisa; Science without Borders; Ciência sem Fronteiras
    the Coordenação de Aperfeiçoamento de Pessoal de Nível Superior	CAPES	BR	001; 888##.######/20##-01; BEX ####/##-#; 23038.0#####/20##-##	Finance Code 001; PROEX; PrInt
    the Fundação Carlos Chagas Filho de Amparo à Pesquisa do Estado do Rio de Janeiro	FAPERJ	BR	E-26/###.###/20##; E-26/20#.###/20##	Cientista do Nosso Estado; Jovem Cientista do Nosso Estado
    the Fundação de Amparo à Pesquisa do Estado de Minas Gerais	FAPEMIG	BR	[APQ|PPM|CEX|RED]-0####-##; [CBB|CRA]-APQ-0####-##	
    Petrobras		BR	20##/00###-#; 0050.00#####.##.#	
    Financiadora de Estudos e Projetos	FINEP	BR	01.##.0###.00; ####/##	
    the Consejo Nacional de Investigaciones Científicas y Técnicas	CONICET	AR	PIP[ |-|]####; PIP 11220##0100###[CO|]; PUE 0###	
    the Agencia Nacional de Promoción Científica y Tecnológica	ANPCyT	AR	PICT[-|- | ]20##-[0|]###; PICT 20##-####; PICT-20##-0####	
    the Consejo Nacional de Ciencia y Tecnología	CONACYT	MX	[CB-|]20##-[01-|]######; ######; A1-S-#####; FC-20##-##-###	Ciencia Básica; Sistema Nacional de Investigadores; Fronteras de la Ciencia
    the Universidad Nacional Autónoma de México	UNAM	MX	I[N|A|G|T]######	PAPIIT; DGAPA-PAPIIT
    the Comisión Nacional de Investigación Científica y Tecnológica	CONICYT	CL	1[0|1|2]#####; 3######; PFB-0#; PIA AFB-17000#; ACT-####	FONDECYT; Programa Basal; PIA; Doctorado Nacional
    the Agencia Nacional de Investigación y Desarrollo	ANID	CL	1[1|2|3]#####; FB21####; ICN20##_0##; 2[1|2]######	FONDECYT Regular; Millennium Science Initiative Program; FONDECYT; Basal
    the Millennium Science Initiative		CL	IC[N|M]##[_|-|]0##; NC[N|]##[_|-]0##	
    Colciencias		CO	####-###-#####; FP44842-###-20##	
    the African Academy of Sciences	AAS	KE	DEL-15-0##; FLR-R1-19####	DELTAS Africa Initiative
    the World Health Organization	WHO	CH	20##/######-#; HQHRP#######	
    the United States Agency for International Development	USAID	US	AID-OAA-A-##-000##; GHN-A-00-##-0000#-00; 7200AA##[CA|LE]000##	PEER program; Feed the Future Innovation Lab; President's Malaria Initiative
    Pfizer		US	WI######; A#######	Investigator-Initiated Research
    Novartis		CH	C@@@###@####	
    AstraZeneca		UK	ESR-##-#####; D####C0####	
    GlaxoSmithKline	GSK	UK	1#####; [HZC|SCO|VEG]######	
    Roche		CH		
    Merck Sharp & Dohme Corp.		US		Investigator Studies Program
    Boehringer Ingelheim		DE	####.###	
    Novo Nordisk A/S		DK	NN####-####	
    Bayer AG		DE		
    Eli Lilly and Company		US	[H|I]#@-@@-@@@@	
    Bristol-Myers Squibb		US	[CA|CV|AI]###-###	
    Janssen Research & Development, LLC		US	CNTO####@@@####	
    Sanofi		FR		iAward
    Takeda Pharmaceutical Company Limited		JP		
    Microsoft Research		US		PhD Fellowship; Faculty Fellowship; Azure for Research
    Google		US		Faculty Research Award; PhD Fellowship; Research Scholar Program
    NVIDIA Corporation		US		Academic Hardware Grant Program; GPU Grant Program
    Intel Corporation		US		
    IBM		US		PhD Fellowship; Faculty Award
    Amazon Web Services	AWS	US		Machine Learning Research Award; Cloud Credits for Research
    Samsung Electronics		KR	IO######-#####-01; SRFC-[IT|MA|TA]####-##	Samsung Research Funding & Incubation Center
    Huawei Technologies		CN	YBN20########; HO20##########	Innovation Research Program
    Siemens AG		DE		
    Bosch		DE		
    """##
}
