"""The words, in English, German, French, Spanish, Italian, Chinese (both scripts) and Japanese.

Ideas are what headings are made of, families what labels name. Chinese and Japanese put no spaces between words:
``cut`` takes the longest known word first. Data only; what words mean together is settled beside this room.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

# idea -> the words for it, English first, then German and French
IDEAS: Mapping[str, str] = {
    "in": "in input inputs ifmap ifm before prev previous incoming eingabe eingang entree entrée entrada ingresso "
    "ingressi entrant 输入 輸入 入力 前",
    "out": "out output outputs ofmap ofm after outgoing resulting ausgabe ausgang sortie salida uscita "
    "uscita uscite salidas sorties resultado 输出 輸出 出力",
    "height": "height heights h rows vertical höhe hoehe hauteur alto altura altezza "
    "höhen hauteurs 高度 高 高さ 縦 行数",
    "width": "width widths w cols horizontal breite largeur ancho larghezza "
    "breiten largeurs anchura 宽度 宽 寬度 寬 幅 横 列数",
    "channels": "channel channels chan chans ch c planes kanäle kanal kanaele canaux canales canali "
    "canal canale 通道 チャネル チャンネル",
    "depth": "depth d tiefe profondeur profundidad profondità 深度 深さ",
    "maps": "map maps fmap fmaps featuremap featuremaps karten karte cartes carte mapas mapa mappe mappa 图 圖 マップ",
    "feature": "feature features merkmal merkmals "
    "merkmale caractéristiques características caratteristiche 特征 特徵 特徴",
    "filters": "filters kernels filtres filtros filtri",
    "size": "size sizes shape shapes dim dims dimension dimensions resolution spatial grösse größe "
    "groesse taille sz tamaño tamano dimensione "
    "abmessungen dimensions dimensiones dimensioni formato forma 大小 尺寸 形状 形狀 サイズ 寸法 维度 維度 次元",
    "n": "n",
    "kernel": "kernel filter window k f patch ksize kern fenster filtre noyau fenêtre "
    "filtro nucleo núcleo 卷积核 卷積核 核 滤波器 濾波器 过滤器 過濾器 窗口 窗 カーネル フィルタ フィルター",
    "stride": "stride strides strd strds s srtide schritt schrittweite pas paso "
    "passo pasos schritte 步长 步長 步幅 步距 ストライド",
    "padding": "padding paddings pad pads p zeropad polsterung rembourrage relleno "
    "auffüllung remplissage marge riempimento rellenos 填充 补零 補零 零填充 パディング ゼロパディング",
    "dilation": "dilation dilations dil 膨胀率 膨脹率 空洞率 ディレーション",
    "groups": "group groups gruppen groupes grupos gruppi 分组 分組 グループ",
    "count": "# number numbers no num nr nb count anzahl nombre número numero "
    "cantidad quantità zahl 数 數 数量 數量 数目 个数 個數 個数 总数 總數 量",
    "parameters": "param params parameter parameters paramètres parametres learnables parámetros parametros parametri "
    "参数 參數 パラメータ パラメーター",
    "weights": "weight weights gewichte gewicht poids pesos pesi 权重 權重 权值 權值 重み",
    "biases": "bias biases biasses biais sesgo sesgos verzerrung bias-terme polarisation 偏置 偏置项 偏差 バイアス",
    "connections": "connection connections conn conns links synapses connexions verbindungen conexiones connessioni "
    "connexion conexión connessione verbindung 连接 連接 接続 結合",
    "macs": "mac macs macc maccs madd madds adds multadds maccumulates gmac gmacs mmac mmacs mult mults madds "
    "乘加 乘加运算 積和 積和演算",
    "flops": "flop flops gflops mflops gflop mflop 浮点运算 浮點運算 浮動小数点演算",
    "operations": "ops operations compute computation computations calculation calculations rechenaufwand "
    "opérations operaciones operazioni calculs 运算 計算 计算 演算",
    "neurons": "neuron neurons unit units nodes neuronen neurone neurones einheiten neuronas neuroni "
    "neurona 神经元 神經元 单元 單元 ニューロン ユニット",
    "activation": "activation activations activated aktivierung aktivierungen "
    "activaciones attivazioni 激活 激活值 活性化",
    "capacity": "capacity",
    "memory": "memory mem byte bytes storage ram speicher mémoire memoria 内存 記憶體 显存 メモリ メモリー",
    "receptive": "receptive rf rezeptives récepteur receptivo recettivo 感受 受容",
    "field": "field feld champ campo champs 野",
    "r": "r",
    "jump": "jump jumps j",
    "effective": "effective",
    "centre": "centre center start",
    "fan": "fan fanin",
    "share": "share percent percentage % anteil part porcentaje percentuale pourcentage 占比 百分比 比例 割合",
    "ratio": "ratio",
    "fully": "fully fc dense",
    "connected": "connected connectée conectada connesso verbunden verbundene",
    "fixed": "fixed nontrainable untrainable frozen",
    "running": "running",
    "statistics": "statistics stats",
    "layer": "layer layers name names schicht schichten couche couches step stage block module "
    "id op operation capa capas strato "
    "livello strati 层 層 层名 層名 名称 名稱 名前 レイヤ レイヤー",
    "type": "type types kind art typ tipo 类型 類型 種類 タイプ",
    "from": "from source reads bottom",
    "by": "x by",
    "filler": "px pixel pixels with incl including inkl inklusive mit avec con compris forward "
    "of the a an per and for feature-wise total totals trainable trained learnable each image zero "
    "zeros map's layer's before-after der die des de la le les du par pro je after-relu "
    "del el los las di da della dello delle dei degli un una "
    "的 の 各 每 毎 总 總 维 個 个 第 级 terme termes términos termini",
}
IDEA = {word: idea for idea, words in IDEAS.items() for word in words.split()}
# several ideas written as one word; E, of Eyeriss, is the output
GLUED = {
    **{f"{axis}{side}": f"{axis} {side}" for axis in "nchwrj" for side in ("in", "out")},
    **{f"{side}{axis}": f"{side} {axis}" for axis in "nchw" for side in ("in", "out")},
    **{f"n{what}": f"# {what}" for what in ("kernels", "filters", "kernel", "filter", "params", "weights", "units")},
    **{f"{what}{axis}": f"{what} {axis}" for what in ("k", "s", "p") for axis in "hw"},
    "eh": "out h",
    "ew": "out w",
    "hxw": "h x w",
    "wxh": "w x h",
    "hxwxc": "h x w x c",
    "cxhxw": "c x h x w",
    "wxhxc": "w x h x c",
    "inchannels": "in channels",
    "outchannels": "out channels",
    "kernelsize": "kernel size",
    "hxwxd": "h x w x c",
    "wxhxd": "w x h x c",
    "dxhxw": "c x h x w",
    "filtersize": "filter size",
    "ausgabegrösse": "out size",  # ß is ss to those who compare without case
    "eingabegrösse": "in size",
    "schrittgrösse": "stride",
    "filtergrösse": "filter size",
    "kerngrösse": "kernel size",
    "ausgabehöhe": "out h",
    "ausgabebreite": "out w",
    "parameteranzahl": "# params",
    "inputsize": "in size",
    "outputsize": "out size",
    "inputshape": "in size",
    "outputshape": "out size",
    **{
        f"{side}größe".replace("ß", "ss"): meant
        for side, meant in (("kernel", "kernel size"), ("fenster", "kernel size"))
    },
    **{f"{side}kanäle": f"{meant} channels" for side, meant in (("ein", "in"), ("eingabe", "in"), ("aus", "out"))},
    "ausgabekanäle": "out channels",
    "eingabehöhe": "in h",
    "eingabebreite": "in w",
    "filteranzahl": "# filters",
    "filterzahl": "# filters",
    "neuronenzahl": "# neurons",
    "感受野": "receptive field",
    "受容野": "receptive field",
    "特征图": "feature maps",
    "特徵圖": "feature maps",
    "特徴マップ": "feature maps",
    "計算量": "operations",
    "计算量": "operations",
    "演算量": "operations",
    "运算量": "operations",
}
# what makes a heading one of something else, whatever quantity it names too: "Std of weights", "Marks for params"
_STATISTIC = (
    "mean means average median std stddev stdev sigma deviation variance init initial initialise initialised "
    "initialisation initialize initialized initialization initializer "
    "mittelwert mittel durchschnitt standardabweichung varianz initialisierung anfangswert anfangswerte "
    "moyenne moyen écart ecart initiale media promedio desviación desviacion desvío varianza inicialización "
    "inicializacion inicial medio deviazione scarto inizializzazione iniziale "
    "均值 平均值 标准差 標準差 方差 初始化 初始值 平均 標準偏差 分散 初期化 初期値"
)
_ABOUT = (
    "mark marks point points pts score scores grade grades grading credit credits correct incorrect wrong check "
    "checks checked checking verified comment comments remark remarks note notes feedback cumulative cumulated "
    "accumulated time times ms seconds latency difference error errors "
    "punkte punkt punktzahl bewertung bewertet noten richtig falsch korrekt kontrolle geprüft prüfung kommentar "
    "kommentare bemerkung bemerkungen anmerkung anmerkungen rückmeldung kumuliert kumulierte kumulativ zeit laufzeit "
    "dauer barème bareme juste correcte corrects vérification vérifié commentaire commentaires remarque remarques "
    "cumulé cumulés cumulée cumulatif temps durée puntos puntuación puntuacion nota notas calificación correcto "
    "correcta correctos correctas comprobación comprobado comentario comentarios observaciones retroalimentación "
    "acumulado acumulados acumulada tiempo punti punteggio voto corretto corretta corretti verifica commento commenti "
    "osservazioni riscontro cumulativo cumulativi cumulato tempo durata "
    "分数 分數 得分 评分 評分 正确 正確 检查 檢查 评语 評語 备注 備註 注释 註釋 反馈 回饋 累计 累計 累积 累積 "
    "时间 時間 点数 得点 配点 採点 正誤 正解 確認 コメント 備考 フィードバック"
)
_PER = "per each pro je par por cada chaque ogni 每 各 あたり"
_WHOLE = "shape shapes dims dimensions abmessungen dimensiones dimensioni forma 形状 形狀"
STATISTIC = frozenset(_STATISTIC.split())
ABOUT = STATISTIC | frozenset(_ABOUT.split())
PER, WHOLE = frozenset(_PER.split()), frozenset(_WHOLE.split())
BYTES = (2**10, 2**20, 2**30)
UNITS: Mapping[str, int] = {
    **dict.fromkeys(("k", "thousand", "thousands", "10^3", "1e3", "1000", "000", "tausend", "tausende", "tsd"), 10**3),
    **dict.fromkeys(("millier", "milliers", "mille", "miles", "migliaia"), 10**3),
    **dict.fromkeys(("m", "mio", "mil", "mill", "million", "millions", "10^6", "1e6", "1000000", "millionen"), 10**6),
    **dict.fromkeys(("millones", "milioni", "000000"), 10**6),
    **dict.fromkeys(
        ("g", "b", "bn", "billion", "billions", "10^9", "1e9", "mrd", "milliarden", "milliards", "miliardi"), 10**9
    ),
    **dict.fromkeys(("千",), 10**3),
    **dict.fromkeys(("万", "萬"), 10**4),
    **dict.fromkeys(("百万", "百萬"), 10**6),
    **dict.fromkeys(("亿", "億"), 10**8),
    **dict.fromkeys(("十亿", "十億"), 10**9),
    **dict.fromkeys(("kib", "kb", "kbyte", "kbytes", "kilobytes"), 2**10),
    **dict.fromkeys(("mib", "mb", "mbyte", "mbytes", "megabytes"), 2**20),
    **dict.fromkeys(("gib", "gb", "gbyte", "gbytes", "gigabytes"), 2**30),
}
PREFIXED = {"gmac": 10**9, "gmacs": 10**9, "mmac": 10**6, "mmacs": 10**6, "gflops": 10**9, "gflop": 10**9}
PREFIXED |= {"mflops": 10**6, "mflop": 10**6}

FAMILIES: Mapping[str, str] = {
    "conv": "conv convolution convolutional conv2d convolutions c cnn faltung convolution2d depthwise pointwise "
    "convolución convoluzione faltungsschicht 卷积 卷積 畳み込み 畳込み コンボリューション",
    "deconv": "deconv convtranspose convtranspose2d transposed upconv upconvolution deconvolution conv2dtranspose "
    "转置卷积 轉置卷積 反卷积 反卷積 転置畳み込み 逆畳み込み",
    "pool": "pool pooling maxpool maxpooling maxpool2d maxpooling2d mp p avgpool averagepool avgpooling "
    "averagepooling averagepooling2d avgpool2d meanpool subsampling subsample subsample2d s max avg average pools gap "
    "globalavgpool globalaveragepooling adaptiveavgpool adaptiveavgpool2d globalavgpool2d "
    "agrupación sottocampionamento 池化 最大池化 平均池化 下采样 プーリング 最大プーリング 平均プーリング",
    "fc": "fc fully fullyconnected dense linear ip innerproduct full f affine mlp voll gemm "
    "vollständig entièrement totalmente completamente 全连接 全連接 全結合",
    "norm": "norm lrn localresponsenorm localresponsenormalization normalization normalisation rnorm response "
    "normalisierung normalización normalizzazione 归一化 歸一化 正規化",
    "bn": "bn batchnorm batchnorm2d batchnormalization batch 批归一化 批量归一化 批標準化 バッチ正規化",
    "dropout": "dropout drop ドロップアウト 随机失活",
    "activation": "relu tanh sigmoid activation act leakyrelu elu gelu silu prelu nonlinearity relu6 hardswish "
    "激活 激活函数 活性化 活性化関数",
    "softmax": "softmax",
    "flatten": "flatten flattening reshape 展平 平坦化",
    "upsample": "upsample upsampling unpool unpooling resize interpolate",
    "add": "add addition sum+ residual shortcut eltwise",
    "concat": "concat concatenate concatenation cat depthconcat",
    "crop": "crop centercrop cropping",
    "input": "input image data bild eingabe entree inputs img "
    "imagen immagine entrada ingresso 输入 輸入 入力 图像 圖像 入力画像 画像",
    "output": "output logits classifier prediction predictions ausgabe sortie salida uscita 输出 輸出 出力",
    "total": "total totals sum σ summe gesamt overall totaux somme all "
    "totale totales suma somma insgesamt 总计 總計 总和 合计 合計 总 總",
}
FAMILY = {word: family for family, words in FAMILIES.items() for word in words.split()}


# --- words that nothing separates -----------------------------------------------------------------------------------

_SCRIPTS = re.compile("[\u3005-\u30ff\u3400-\u9fff]+|[^\u3005-\u30ff\u3400-\u9fff]+")
_EASTERN = re.compile("[\u3005-\u30ff\u3400-\u9fff]")
_KNOWN = frozenset(word for word in (*IDEA, *GLUED, *FAMILY, *ABOUT, *PER) if _EASTERN.match(word))
_LONGEST = max(map(len, _KNOWN))


def cut(word: str) -> Iterator[str]:
    """``word`` as its words: 输出通道数 is 输出, 通道 and 数; what is not known stays together."""
    if _EASTERN.search(word) is None:
        yield word
        return
    for piece in _SCRIPTS.findall(word):
        at = begun = 0
        while at < len(piece):
            ends = range(min(len(piece), at + _LONGEST), at, -1)
            end = next((end for end in ends if piece[at:end] in _KNOWN), None)
            if end is None:
                at += 1
                continue
            if begun < at:
                yield piece[begun:at]
            yield piece[at:end]
            at = begun = end
        if begun < len(piece):
            yield piece[begun:]
