"""Short forms of given names as they are used in Britain and Ireland, both ways: who is Robert is Bob, and Bob may be
Robert. Written from what one hears; it need not be complete, for a name that a court protects may list its own.
"""

from __future__ import annotations

import re
from functools import lru_cache

from heard.text.slips import one_slip_apart

#: One line for each name: the full form, then what its bearers are called.
_CALLED = """
    abigail abby abbie gail abi nabby
    abraham abe bram
    adam ad addy
    adele adeline addie della
    agnes aggie nessie
    alan allan allen al
    albert al bert bertie albie
    alexander alex alec alexis sandy sandro xander lex al ali
    alexandra alex alexa sandra lexi lexie sasha ali
    alfred alf alfie fred freddie
    alice ali allie alicia
    alison ali ally allie
    amanda mandy amy
    amelia amy millie mel milly
    andrea andi andie
    andrew andy randy drew andre dru
    angela angie ange angel
    ann anne anna annie nan nancy nina anya
    anthony antony tony ant anton
    arthur art artie
    barbara barb babs barbie
    barnaby barney
    barry baz bazza
    beatrice bea bee trixie beatrix
    benedict ben benny
    benjamin ben benny benji benjy
    bernadette bernie detta
    bernard bernie
    bradley brad
    brendan bren
    bridget biddy bridie bridge
    callum cal
    cameron cam
    carol caroline carolyn carrie caz caro lyn
    cassandra cass cassie sandra
    catherine lena katherine kathryn catharine katharine kathy cathy kate katie kat cat kitty kay kath cath kit katy
    cecilia cece celia cissy
    charles charlie chas chuck charley chaz
    charlotte charlie lottie lotte char
    chloe clo
    christian chris
    christina christine chris chrissie tina christy kirsty
    christopher chris kit topher christy
    claire clare
    clifford cliff
    colin col
    connor con conor
    craig craigy
    cynthia cindy
    daniel dan danny dani
    danielle dani dan ellie
    darren daz dazza
    david dave davey davie dai
    deborah debra deb debbie debs
    denise den dee
    dennis den denny
    derek del
    diana diane di
    dominic dom nick
    donald don donny
    dorothy dot dotty dolly thea dottie dora
    douglas doug dougie
    duncan dunc
    edith edie
    edward ed eddie ted teddy ned eddy
    edwin ed eddie
    eileen aileen
    eleanor elaine ellie ella nell nelly elle nora lenny eleanora
    elizabeth elisabeth lib liz lizzie beth betty bess bessie eliza elsie libby liza lisa elspeth betsy lilibet lizzy
    emily em emmy millie milly
    emma em emmy
    eric rick
    ernest ernie
    esther essie hettie
    eugene gene
    evelyn eve evie
    florence flo florrie flossie
    frances fran francesca frankie fanny frannie
    francis frank frankie fran
    franklin frank
    frederick fred freddie freddy rick
    gabriel gabe
    gabrielle gaby gabby
    gareth gary gaz
    gavin gav
    geoffrey jeffrey geoff jeff
    george georgie geordie
    georgina georgia georgie gina
    gerald gerry jerry ged
    gerard gerry ger ged
    gillian gill jill gilly
    gordon gord
    grace gracie
    graham graeme
    gregory greg
    gwendolyn gwen wendy
    hannah han
    harold harry hal
    harriet hattie harry
    harrison harry
    heather hev
    helen nell ellen elena nelly
    henrietta hettie etta
    henry harry hal hank
    herbert bert herb
    hilary hils
    howard howie
    hugh hughie huw
    ian iain
    imogen immy immie
    irene rene
    isaac zac ike
    isabel isabella isobel ib nib tibbie tibby issy izzy bella bel ella belle isabelle
    ivan van
    jack jackie jacky
    jacob jake jakey
    jacqueline jackie jacqui
    james jim jimmy jamie jem jimmie
    jane janie jenny janey
    janet jan
    jasmine jas jaz
    jason jase jay
    jean jeannie jeanne
    jennifer jen jenny jenni jennie
    jeremy jerry jez
    jessica jess jessie
    joan joanie
    joanna joanne jo joan
    john jack johnny jon ian jonny
    jonathan jon jonny jonno
    jordan jord
    joseph joe joey
    josephine jo josie joey
    joshua josh
    joyce joy
    judith judy jude
    julia julie jules
    julian jules
    karen kaz
    kayleigh kay
    kelly kel
    kenneth ken kenny
    kevin kev
    kimberley kimberly kim kimmy
    laura laurie lol
    laurence lawrence larry laurie loz
    leonard len lenny leo
    leslie lesley les
    lewis louis lou lew
    lillian lily lil
    linda lin lindy
    lindsay lindsey linds
    lorraine lori rainie
    louise lou lulu louisa
    lucas luke
    lucy lucia luce lucille
    madeleine maddie madeline mads maddy
    malcolm mal
    marcus mark marc
    margaret margery maggie meg midge peggy marge madge greta margie rita peg mags megan daisy maisie
    maria marie mary
    marilyn mary lyn
    marjorie marge margie
    martha marty mattie patty
    martin marty martyn
    mary molly polly mae may mamie moll maisie
    mathew matthew thias mats matt matty mat
    matilda tilly mattie tilda maud
    maureen mo
    maurice mo
    maximilian max
    maxwell max
    megan meg
    melanie mel
    melissa mel lissa missy
    mervyn merv
    michael mike mick micky mickey mikey mitch
    michelle shell chelle mich
    mildred millie
    miranda randy mandy
    miriam mim
    mohammed muhammad mohamed mo mohammad
    monica mon
    montgomery monty
    muriel mu
    natalie nat
    natasha tasha nat
    nathan nat nate
    nathaniel nat nate nathan
    neil neal niall
    nicholas claus claas nick nicky nico nicolas
    nicola nicky nic nikki nicole
    nigel nige
    norman norm
    oliver ollie olly
    olivia nollie liv livvy ollie livia
    oscar oz
    owen ewan
    pamela pam
    patricia pat patsy trish tricia trisha patty
    patrick pat paddy rick
    paul paulie
    paula paulina pauline polly
    penelope penny pen
    peter pete
    philip phillip phil pip
    philippa pippa pip
    phoebe pheebs
    priscilla cilla
    rachel rach rae rachael
    ralph rafe
    raymond ray
    rebecca becky becca beck becks
    reginald reg reggie
    richard dickon rick dick rich richie ricky dickie
    robert rob bob bobby robbie bert rab robin hob dob dobbin hobkin
    roberta bobbie robbie
    roderick rod roddy
    rodney rod
    roger rodge
    ronald ron ronnie
    rosemary rose rosie romy
    rosalind ros roz rosie
    rowena row
    roy royston
    rupert rupe
    ruth ruthie
    samantha sam sammy
    samuel sam sammy
    sandra sandy sandie
    sarah sally sadie sara
    scarlett scar
    sebastian seb bas
    sharon shaz shazza
    sheila shell
    shirley shirl
    sidney sid sydney syd
    simon si
    sophia sophie soph
    spencer spence
    stanley stan
    stephanie steph stephie
    stephen steven steve stevie ste
    stuart stewart stu
    susan suzanne susannah hannah sukey sue susie suzie suzy su
    sylvia syl
    tabitha tabby
    terence terry tel terrence
    teresa theresa terry tess tessa
    thaddeus tad
    theodore theo ted teddy
    thomas tom tommy thom
    timothy tim timmy
    tobias toby
    trevor trev
    valerie val
    vanessa nessa ness
    veronica ronnie vera
    victor vic
    victoria vicky vicki tori vic vikki
    vincent vince vinny
    violet vi
    vivienne viv vivian
    walter walt wally
    wayne waz
    wendy wend
    wilfred wilf fred
    william will bill billy willie liam bil wills bela bell wilkie
    winifred win winnie freda
    winston win
    yvonne von
    zachary zac zach zack
    zoe zo
    adelaide addie della dell adele
    amos moses mo
    antoinette toni tony nettie
    antonia toni netta tony
    augustus gus augie austin
    augusta gussie gus aggy
    caitlin cait kate katie
    cornelius neil con corny
    delores dolores dolly lola lolly del
    edmund ed ted eddie ned
    edwina eddie winnie
    elaine lainie ellie helen
    ferdinand ferdy fred
    genevieve jenny eve gen viv
    geraldine gerry jerry dina
    helena nell lena ellen elena aileen
    ignatius iggy nace
    jeanette janet jean nettie
    jemima jem mima
    johannes john hans
    justin jus
    kathleen kath kathy kay kit cathleen lena
    kristina kris kirsty tina
    leroy roy lee
    leonora nora nell lee
    luther lu
    margarita rita madge daisy maisie
    margery madge
    marian mary
    martina marty tina
    mercedes sadie
    minerva minnie
    nadine dee
    obadiah obie
    octavia tavia
    ophelia phelia
    philomena mena phil
    rosalyn ros linda lyn
    roseanna roseanne rose ann anna
    savannah anna van
    sinead jane
    solomon sol solly
    susannah hannah sanna
    theodora dora thea theo
    tiffany tiff
    ursula urs
    valentine val
    virgil virge
    virginia ginny ginger
    wallace wally
    wilhelmina billie mina minnie willa
    zechariah zeke zach
    ezekiel zeke
    sean shaun shawn shane
    jake jacob james
    lee leigh
"""


def _by_name() -> dict[str, frozenset[str]]:
    together: dict[str, set[str]] = {}
    for line in filter(None, map(str.split, _CALLED.splitlines())):
        for name in line:
            together.setdefault(name, set()).update(line)
    return {name: frozenset(others - {name}) for name, others in together.items()}


_OTHERS = _by_name()


def also_called(given: str) -> frozenset[str]:
    """What else someone of this given name (in small letters) is called, or may be in full."""
    return _OTHERS.get(given, frozenset())


def may_be_called(given: str, other: str) -> bool:
    """Whether `other` may stand for a given name: as the table has it; as a piece of it as it is said, with or without
    an ending, as Minty is of Araminta; or as what begins alike and has a pet name's ending.
    """
    if other in also_called(given):
        return True
    short, long = sorted((_said(other), _said(given)), key=len)
    stem = _ENDING.sub("", short)
    if len(stem) < 2:
        stem = short
    if len(stem) > 1 and (long.startswith(stem) or (len(stem) > 2 and stem in long)):
        return True
    if min(len(short), len(long)) > 4 and one_slip_apart(short, long):
        return True
    return (
        other[0] == given[0] and other.endswith(("y", "ie", "ey", "i", "sa", "ty")) and len(other) <= min(len(given), 6)
    )


@lru_cache(maxsize=4096)
def _said(name: str) -> str:
    for written, sound in _SOUNDS:
        name = written.sub(sound, name)
    return name


_SOUNDS = tuple(
    (re.compile(written), sound)
    for written, sound in (
        ("ph", "f"), ("ck|q", "k"), ("c(?=[eiy])", "s"), ("c", "k"), ("[xz]", "s"), ("j|ge", "g"),
        ("ea|ee|ie|ey|y|e", "i"), ("ou|oo|u", "o"), ("h", ""), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip
_ENDING = re.compile(r"(?:i|a|o|is|is|ki|ti|kin)$")
