<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="it" sourcelanguage="en">
<context>
    <name></name>
    <message>
        <source>&amp;File</source>
        <translation>&amp;File</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Modifica</translation>
    </message>
    <message>
        <source>&amp;Slices</source>
        <translation>&amp;Strati</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Vista</translation>
    </message>
    <message>
        <source>E&amp;xplanations</source>
        <translation>S&amp;piegazioni</translation>
    </message>
    <message>
        <source>Feed&amp;back</source>
        <translation>Valu&amp;tazione</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Aiuto</translation>
    </message>
    <message>
        <source>Wheel</source>
        <translation>Rotella</translation>
    </message>
    <message>
        <source>slice</source>
        <translation>strato</translation>
    </message>
    <message>
        <source>Ctrl+wheel</source>
        <translation>Ctrl+rotella</translation>
    </message>
    <message>
        <source>zoom at the pointer</source>
        <translation>zoom sul puntatore</translation>
    </message>
    <message>
        <source>Shift+wheel</source>
        <translation>Shift+rotella</translation>
    </message>
    <message>
        <source>opacity of the overlay</source>
        <translation>opacità della sovrapposizione</translation>
    </message>
    <message>
        <source>Double-click</source>
        <translation>Doppio clic</translation>
    </message>
    <message>
        <source>this picture alone, and all again</source>
        <translation>solo questa immagine, poi di nuovo tutte</translation>
    </message>
    <message>
        <source>Ctrl+click on a series</source>
        <translation>Ctrl+clic su una serie</translation>
    </message>
    <message>
        <source>show it beside the first</source>
        <translation>la mostra accanto alla prima</translation>
    </message>
    <message>
        <source>Drag the swipe line</source>
        <translation>Trascinare la linea di confronto</translation>
    </message>
    <message>
        <source>clean to its left, overlay to its right (S)</source>
        <translation>immagine pulita a sinistra, sovrapposizione a destra (S)</translation>
    </message>
    <message>
        <source>With the what-if brush</source>
        <translation>Con il pennello «e se…»</translation>
    </message>
    <message>
        <source>left-drag paints, Ctrl+wheel or [ ] sets its size (W)</source>
        <translation>trascinare col sinistro dipinge, Ctrl+rotella o [ ] cambia la dimensione (W)</translation>
    </message>
    <message>
        <source>Menu key</source>
        <translation>Tasto menu</translation>
    </message>
    <message>
        <source>menu of common commands</source>
        <translation>menu dei comandi frequenti</translation>
    </message>
    <message>
        <source>Drop files or folders</source>
        <translation>Rilasciare file o cartelle</translation>
    </message>
    <message>
        <source>open them; with Shift, add them to what is open</source>
        <translation>li apre; con Shift li aggiunge a ciò che è aperto</translation>
    </message>
    <message>
        <source>The file proposes no window of its own.</source>
        <translation>Il file non propone una propria finestra.</translation>
    </message>
    <message>
        <source>scale: this slice</source>
        <translation>scala: questo strato</translation>
    </message>
    <message>
        <source>scale: whole series</source>
        <translation>scala: intera serie</translation>
    </message>
    <message>
        <source>scale: fixed</source>
        <translation>scala: fissa</translation>
    </message>
    <message>
        <source>this slice could not be read</source>
        <translation>questo strato non è leggibile</translation>
    </message>
    <message>
        <source>{method}: nothing to show</source>
        <translation>{method}: nulla da mostrare</translation>
    </message>
    <message>
        <source>evidence for {name}</source>
        <translation>a favore di: {name}</translation>
    </message>
    <message>
        <source>painted from {value} up</source>
        <translation>colorata da {value} in su</translation>
    </message>
    <message>
        <source>maps are off (V)</source>
        <translation>mappe nascoste (V)</translation>
    </message>
    <message>
        <source>body only</source>
        <translation>solo corpo</translation>
    </message>
    <message>
        <source>Loading the model…</source>
        <translation>Caricamento del modello…</translation>
    </message>
    <message>
        <source>No model</source>
        <translation>Nessun modello</translation>
    </message>
    <message>
        <source>Open a model folder (Ctrl+M) to see predictions.</source>
        <translation>Aprire la cartella di un modello (Ctrl+M) per vedere le predizioni.</translation>
    </message>
    <message>
        <source>Model {name} {version}. Trained on {data}.</source>
        <translation>Modello {name} {version}. Addestrato su: {data}.</translation>
    </message>
    <message>
        <source>No series</source>
        <translation>Nessuna serie</translation>
    </message>
    <message>
        <source>Not for this series</source>
        <translation>Non per questa serie</translation>
    </message>
    <message>
        <source>{called} of {known} slices called {name}</source>
        <translation>Strati classificati «{name}»: {called} su {known}</translation>
    </message>
    <message>
        <source> ({open} without an answer yet)</source>
        <translation> ({open} ancora senza risposta)</translation>
    </message>
    <message>
        <source>calibrated</source>
        <translation>calibrata</translation>
    </message>
    <message>
        <source>Calibrated: of slices like those of the training that are given 0.80, about 8 in 10 are {name}. Temperature {temperature}, fitted on {slices} slices of {patients} patients that the networks had not seen; calibration error {before} before, {after} after. Classes and maps are the same without it.</source>
        <translation>Calibrata: tra gli strati simili a quelli dell&apos;addestramento che ricevono 0.80, circa 8 su 10 sono «{name}». Temperatura {temperature}, stimata su {slices} strati di {patients} pazienti non visti dalle reti; errore di calibrazione {before} prima, {after} dopo. Classi e mappe sono le stesse anche senza.</translation>
    </message>
    <message>
        <source>There is no model to explain: open one (Ctrl+M).</source>
        <translation>Nessun modello da spiegare: aprirne uno (Ctrl+M).</translation>
    </message>
    <message>
        <source>There is no series to explain: open one (Ctrl+O).</source>
        <translation>Nessuna serie da spiegare: aprirne una (Ctrl+O).</translation>
    </message>
    <message>
        <source>{method} is computed for every slice by itself.</source>
        <translation>{method} è calcolato automaticamente per ogni strato.</translation>
    </message>
    <message>
        <source>loading the model</source>
        <translation>caricamento del modello</translation>
    </message>
    <message>
        <source>no model</source>
        <translation>nessun modello</translation>
    </message>
    <message>
        <source>no series</source>
        <translation>nessuna serie</translation>
    </message>
    <message>
        <source>not for this series</source>
        <translation>non per questa serie</translation>
    </message>
    <message>
        <source>slice not read yet</source>
        <translation>strato non ancora letto</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>pronta</translation>
    </message>
    <message>
        <source>ready, other settings</source>
        <translation>pronta, altre impostazioni</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>interrotta</translation>
    </message>
    <message>
        <source>computing</source>
        <translation>in calcolo</translation>
    </message>
    <message>
        <source>press Run</source>
        <translation>premere Avvia</translation>
    </message>
    <message>
        <source>this CPU</source>
        <translation>questa CPU</translation>
    </message>
    <message>
        <source>{time} on {device} – press Run</source>
        <translation>{time} su {device} – premere Avvia</translation>
    </message>
    <message>
        <source>, layer {layer}</source>
        <translation>, livello {layer}</translation>
    </message>
    <message>
        <source>constant</source>
        <translation>costante</translation>
    </message>
    <message>
        <source>not finite</source>
        <translation>valori non finiti</translation>
    </message>
    <message>
        <source>nothing supports this class</source>
        <translation>nulla sostiene questa classe</translation>
    </message>
    <message>
        <source>slice could not be read</source>
        <translation>strato non leggibile</translation>
    </message>
    <message>
        <source>only one method has a map</source>
        <translation>un solo metodo ha una mappa</translation>
    </message>
    <message>
        <source>the methods agree nowhere</source>
        <translation>i metodi non concordano in nessun punto</translation>
    </message>
    <message>
        <source>no method has a map to combine</source>
        <translation>nessun metodo ha una mappa da combinare</translation>
    </message>
    <message>
        <source>no window changed the prediction</source>
        <translation>nessuna finestra ha cambiato la predizione</translation>
    </message>
    <message>
        <source>values do not add up to the score</source>
        <translation>la somma dei valori non dà il punteggio</translation>
    </message>
    <message>
        <source>Looking through files</source>
        <translation>Esame dei file</translation>
    </message>
    <message>
        <source>Looking through the files</source>
        <translation>Esame dei file</translation>
    </message>
    <message>
        <source>Reading slices</source>
        <translation>Lettura degli strati</translation>
    </message>
    <message>
        <source>Reading the series</source>
        <translation>Lettura della serie</translation>
    </message>
    <message>
        <source>Reading the label map</source>
        <translation>Lettura della mappa di etichette</translation>
    </message>
    <message>
        <source>Reading a thumbnail</source>
        <translation>Lettura di un&apos;anteprima</translation>
    </message>
    <message>
        <source>Opening the answers</source>
        <translation>Apertura delle risposte</translation>
    </message>
    <message>
        <source>Closing the answers</source>
        <translation>Chiusura delle risposte</translation>
    </message>
    <message>
        <source>Saving the answer</source>
        <translation>Salvataggio della risposta</translation>
    </message>
    <message>
        <source>Locking the reading</source>
        <translation>Blocco della lettura</translation>
    </message>
    <message>
        <source>Writing the log</source>
        <translation>Scrittura del registro</translation>
    </message>
    <message>
        <source>Writing the maps</source>
        <translation>Scrittura delle mappe</translation>
    </message>
    <message>
        <source>Keeping your place</source>
        <translation>Salvataggio del punto di lavoro</translation>
    </message>
    <message>
        <source>Looking for recent files</source>
        <translation>Ricerca dei file recenti</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation>Caricamento del modello</translation>
    </message>
    <message>
        <source>Analysing the slices</source>
        <translation>Analisi degli strati</translation>
    </message>
    <message>
        <source>Explaining the slice</source>
        <translation>Spiegazione dello strato</translation>
    </message>
    <message>
        <source>Scoring the map</source>
        <translation>Misura della mappa</translation>
    </message>
    <message>
        <source>Looking at the methods</source>
        <translation>Esame dei metodi</translation>
    </message>
    <message>
        <source>lower leg</source>
        <translation>gamba</translation>
    </message>
    <message>
        <source>thigh</source>
        <translation>coscia</translation>
    </message>
    <message>
        <source>knee</source>
        <translation>ginocchio</translation>
    </message>
    <message>
        <source>foot</source>
        <translation>piede</translation>
    </message>
    <message>
        <source>hip</source>
        <translation>anca</translation>
    </message>
    <message>
        <source>brain</source>
        <translation>encefalo</translation>
    </message>
    <message>
        <source>hand</source>
        <translation>mano</translation>
    </message>
    <message>
        <source>abdomen</source>
        <translation>addome</translation>
    </message>
    <message>
        <source>chest</source>
        <translation>torace</translation>
    </message>
    <message>
        <source>spine</source>
        <translation>rachide</translation>
    </message>
    <message>
        <source>modality</source>
        <translation>modalità</translation>
    </message>
    <message>
        <source>body region</source>
        <translation>regione corporea</translation>
    </message>
    <message>
        <source>sequence</source>
        <translation>sequenza</translation>
    </message>
    <message>
        <source>modality, body region</source>
        <translation>modalità, regione corporea</translation>
    </message>
    <message>
        <source>modality, sequence</source>
        <translation>modalità, sequenza</translation>
    </message>
    <message>
        <source>body region, sequence</source>
        <translation>regione corporea, sequenza</translation>
    </message>
    <message>
        <source>modality, body region, sequence</source>
        <translation>modalità, regione corporea, sequenza</translation>
    </message>
    <message>
        <source>synthetic phantom</source>
        <translation>fantoccio sintetico</translation>
    </message>
    <message>
        <source>Baseline</source>
        <translation>Riferimento</translation>
    </message>
    <message>
        <source>Curve steps</source>
        <translation>Passi delle curve</translation>
    </message>
    <message>
        <source>Fill</source>
        <translation>Riempimento</translation>
    </message>
    <message>
        <source>Least</source>
        <translation>Minimo</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Livello</translation>
    </message>
    <message>
        <source>Magnitude</source>
        <translation>Valore assoluto</translation>
    </message>
    <message>
        <source>Max evals</source>
        <translation>Valutazioni max</translation>
    </message>
    <message>
        <source>Members</source>
        <translation>Metodi</translation>
    </message>
    <message>
        <source>Min window</source>
        <translation>Finestra minima</translation>
    </message>
    <message>
        <source>Noise</source>
        <translation>Rumore</translation>
    </message>
    <message>
        <source>Points</source>
        <translation>Punti</translation>
    </message>
    <message>
        <source>Probes</source>
        <translation>Sonde</translation>
    </message>
    <message>
        <source>Relu</source>
        <translation>ReLU</translation>
    </message>
    <message>
        <source>Rule</source>
        <translation>Regola</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>Campioni</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>Punteggio</translation>
    </message>
    <message>
        <source>Scores</source>
        <translation>Punteggi</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Seme</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>Quota</translation>
    </message>
    <message>
        <source>Shrinkage</source>
        <translation>Contrazione</translation>
    </message>
    <message>
        <source>Stride</source>
        <translation>Passo</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>Soglia</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Finestra</translation>
    </message>
    <message>
        <source>Zero</source>
        <translation>Zero</translation>
    </message>
    <message>
        <source>Research use only; not a medical device.</source>
        <translation>Solo per ricerca; non è un dispositivo medico.</translation>
    </message>
    <message>
        <source>The pictures have no patient geometry: pixel size, left and right are unknown.</source>
        <translation>Immagini senza geometria del paziente: dimensione dei pixel, destra e sinistra sono ignote.</translation>
    </message>
    <message>
        <source>The pictures are in colour; their brightness is shown, and no model is run on them.</source>
        <translation>Immagini a colori: ne è mostrata la luminosità e nessun modello vi è applicato.</translation>
    </message>
    <message>
        <source>The pixel spacing is not stated; distances are in pixels.</source>
        <translation>La dimensione dei pixel non è indicata; le distanze sono in pixel.</translation>
    </message>
    <message>
        <source>The engine stopped while computing (out of memory or a crash); it was started again.</source>
        <translation>Il motore di calcolo si è fermato durante il calcolo (memoria esaurita o arresto anomalo) ed è stato riavviato.</translation>
    </message>
    <message>
        <source>The engine stopped (out of memory or a crash); it was started again.</source>
        <translation>Il motore di calcolo si è fermato (memoria esaurita o arresto anomalo) ed è stato riavviato.</translation>
    </message>
    <message>
        <source>This reading is locked; its answers are no longer changed.</source>
        <translation>Questa lettura è bloccata; le sue risposte non cambiano più.</translation>
    </message>
    <message>
        <source>The series is {modality}; the model was trained on {known}.</source>
        <translation>La serie è {modality}; il modello è addestrato su {known}.</translation>
    </message>
    <message>
        <source>The series shows the {region}; the model was trained on the {known_region}.</source>
        <translation>Distretto della serie: {region}; il modello è addestrato su: {known_region}.</translation>
    </message>
    <message>
        <source>The slices are {plane}; the model was trained on {known_plane} ones.</source>
        <translation>Piano degli strati: {plane}; il modello è addestrato sul piano: {known_plane}.</translation>
    </message>
    <message>
        <source>The series looks {sequence}-weighted; the model was trained on {known}.</source>
        <translation>La serie sembra pesata in {sequence}; il modello è addestrato su {known}.</translation>
    </message>
    <message>
        <source>Pixels are {mm} mm; the model was trained on {low} to {high} mm.</source>
        <translation>Pixel di {mm} mm; il modello è addestrato su {low}–{high} mm.</translation>
    </message>
    <message>
        <source>Pixels are {mm} mm; the model was trained on {known} mm.</source>
        <translation>Pixel di {mm} mm; il modello è addestrato su {known} mm.</translation>
    </message>
    <message>
        <source>Not stated by the files, so not checked: {what}.</source>
        <translation>Non indicato dai file, quindi non verificato: {what}.</translation>
    </message>
    <message>
        <source>{sequence}-weighted {plane} {modality} {region}, {low} to {high} mm pixels ({source})</source>
        <translation>{modality} {region}, {plane}, pesata in {sequence}, pixel di {low}–{high} mm ({source})</translation>
    </message>
    <message>
        <source>{sequence}-weighted {plane} {modality} {region}, {low} to {high} mm pixels</source>
        <translation>{modality} {region}, {plane}, pesata in {sequence}, pixel di {low}–{high} mm</translation>
    </message>
    <message>
        <source>{count} synthetic lower-leg phantoms</source>
        <translation>{count} fantocci sintetici di gamba</translation>
    </message>
    <message>
        <source>The series is {modality}, not MR.</source>
        <translation>La serie è {modality}, non RM.</translation>
    </message>
    <message>
        <source>{file} does not say where its voxels lie in the patient.</source>
        <translation>{file} non dice dove si trovano i suoi voxel nel paziente.</translation>
    </message>
    <message>
        <source>{file} is not a picture in any known format.</source>
        <translation>{file} non è un&apos;immagine in un formato noto.</translation>
    </message>
    <message>
        <source>{file} is no longer there.</source>
        <translation>{file} non c&apos;è più.</translation>
    </message>
    <message>
        <source>The gaps between slices vary from {low} to {high} mm; distances along the stack are averages.</source>
        <translation>La distanza tra gli strati varia da {low} a {high} mm; le distanze lungo la pila sono medie.</translation>
    </message>
    <message>
        <source>The slices are stacked {angle} degrees off their normal (gantry tilt); the geometry follows the stack.</source>
        <translation>Gli strati sono inclinati di {angle} gradi rispetto alla loro normale (inclinazione del gantry); la geometria segue la pila.</translation>
    </message>
    <message>
        <source>1 slice is missing (between slices {where}); the slices that are there are shown one after the other, and positions beyond the gap are off by it.</source>
        <translation>Manca 1 strato (tra gli strati {where}); quelli presenti sono mostrati di seguito e le posizioni oltre il vuoto sono spostate di altrettanto.</translation>
    </message>
    <message>
        <source>{count} slices are missing (between slices {where}); the slices that are there are shown one after the other, and positions beyond the gap are off by it.</source>
        <translation>Mancano {count} strati (tra gli strati {where}); quelli presenti sono mostrati di seguito e le posizioni oltre il vuoto sono spostate di altrettanto.</translation>
    </message>
    <message>
        <source>{file} cannot be read: {why}.</source>
        <translation>{file} non è leggibile: {why}.</translation>
    </message>
    <message>
        <source>{table} has changed since the run was made; its rows were matched by picture, label and patient.</source>
        <translation>{table} è cambiata dopo l&apos;addestramento; le righe sono abbinate per immagine, etichetta e paziente.</translation>
    </message>
    <message>
        <source>Slices of {table} that the run has no answer for: {number}.</source>
        <translation>Strati di {table} per cui l&apos;addestramento non ha una risposta: {number}.</translation>
    </message>
    <message>
        <source>failed: {why}</source>
        <translation>non riuscita: {why}</translation>
    </message>
    <message>
        <source>{work} failed: there is not enough memory.</source>
        <translation>{work}: operazione non riuscita, memoria insufficiente.</translation>
    </message>
    <message>
        <source>{work} failed unexpectedly ({kind}).</source>
        <translation>{work}: errore imprevisto ({kind}).</translation>
    </message>
    <message>
        <source>Class activation maps</source>
        <translation>Mappe di attivazione (CAM)</translation>
    </message>
    <message>
        <source>Gradients</source>
        <translation>Gradienti</translation>
    </message>
    <message>
        <source>Hiding parts</source>
        <translation>Occlusione di parti</translation>
    </message>
    <message>
        <source>Shapley values</source>
        <translation>Valori di Shapley</translation>
    </message>
    <message>
        <source>Several together</source>
        <translation>Combinazioni di metodi</translation>
    </message>
    <message>
        <source>cost varies</source>
        <translation>costo variabile</translation>
    </message>
    <message>
        <source>There is no finished map of this slice to score.</source>
        <translation>Nessuna mappa completa di questo strato da misurare.</translation>
    </message>
    <message>
        <source>measuring…</source>
        <translation>misura in corso…</translation>
    </message>
    <message>
        <source>insertion {i:.2f}, deletion {d:.2f}, difference {f:.2f}</source>
        <translation>inserimento {i:.2f}, cancellazione {d:.2f}, differenza {f:.2f}</translation>
    </message>
    <message>
        <source>place {place} of {among} shown</source>
        <translation>{place}ª di {among} mostrate</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>Metodo</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Stato</translation>
    </message>
    <message>
        <source>none: inputs and outputs only</source>
        <translation>nessuno: solo ingressi e uscite</translation>
    </message>
    <message>
        <source>forward passes a slice: {passes:g}, {each}; so far {seconds:.1f} s, slices: {count}</source>
        <translation>passaggi della rete per strato: {passes:g}, {each}; finora {seconds:.1f} s, strati: {count}</translation>
    </message>
    <message>
        <source>Family</source>
        <translation>Famiglia</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>Riferimento</translation>
    </message>
    <message>
        <source>{k} of {count}</source>
        <translation>{k} di {count}</translation>
    </message>
    <message>
        <source>Explained class</source>
        <translation>Classe spiegata</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>Livello</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Impostazioni</translation>
    </message>
    <message>
        <source>Cells</source>
        <translation>Celle</translation>
    </message>
    <message>
        <source>every {stride:g} network pixels, the first at {centre:g}</source>
        <translation>ogni {stride:g} pixel della rete, la prima a {centre:g}</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Dettagli</translation>
    </message>
    <message>
        <source>Cost</source>
        <translation>Costo</translation>
    </message>
    <message>
        <source>Computed</source>
        <translation>Calcolata</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modello</translation>
    </message>
    <message>
        <source>Model hash</source>
        <translation>Hash del modello</translation>
    </message>
    <message>
        <source>Volume hash</source>
        <translation>Hash del volume</translation>
    </message>
    <message>
        <source>the series is still being read</source>
        <translation>la serie è ancora in lettura</translation>
    </message>
    <message>
        <source>Trained on</source>
        <translation>Addestrato su</translation>
    </message>
    <message>
        <source>Probabilities</source>
        <translation>Probabilità</translation>
    </message>
    <message>
        <source>Differences</source>
        <translation>Differenze</translation>
    </message>
    <message>
        <source>Nothing has changed.</source>
        <translation>Nulla è cambiato.</translation>
    </message>
    <message>
        <source>There was no further series in it.</source>
        <translation>Non conteneva altre serie.</translation>
    </message>
    <message>
        <source>{count} new series</source>
        <translation>serie nuove: {count}</translation>
    </message>
    <message>
        <source>{count} changed</source>
        <translation>cambiate: {count}</translation>
    </message>
    <message>
        <source>{count} gone</source>
        <translation>scomparse: {count}</translation>
    </message>
    <message>
        <source>Added: {changes}.</source>
        <translation>Aggiunto: {changes}.</translation>
    </message>
    <message>
        <source>Looked again: {changes}.</source>
        <translation>Riesaminato: {changes}.</translation>
    </message>
    <message>
        <source>Dark, for a reading room</source>
        <translation>Scuro, per sala di refertazione</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Chiaro</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>Come il sistema</translation>
    </message>
    <message>
        <source>The graphics processor if there is one</source>
        <translation>Il processore grafico, se presente</translation>
    </message>
    <message>
        <source>The processor only</source>
        <translation>Solo il processore</translation>
    </message>
    <message>
        <source>A reader id is one to four letters and a number, such as R03, never a name.</source>
        <translation>Il codice lettore è fatto di una-quattro lettere e un numero, come R03, mai un nome.</translation>
    </message>
    <message>
        <source>The series is not read completely yet.</source>
        <translation>La serie non è ancora letta per intero.</translation>
    </message>
    <message>
        <source>The store of answers is not open.</source>
        <translation>L&apos;archivio delle risposte non è aperto.</translation>
    </message>
    <message>
        <source>This reading is locked.</source>
        <translation>Questa lettura è bloccata.</translation>
    </message>
    <message>
        <source>Missing: {answers}.</source>
        <translation>Manca: {answers}.</translation>
    </message>
    <message>
        <source>Locked: these answers are no longer changed.</source>
        <translation>Bloccate: queste risposte non cambiano più.</translation>
    </message>
    <message>
        <source>Show one map to rate it (V, or tick a method).</source>
        <translation>Mostrare una mappa per valutarla (V, o spuntare un metodo).</translation>
    </message>
    <message>
        <source>The answer is not saved: the store of answers {name} is not open.</source>
        <translation>La risposta non è salvata: l&apos;archivio delle risposte {name} non è aperto.</translation>
    </message>
    <message>
        <source>There are no answers to write: their store is not open.</source>
        <translation>Nessuna risposta da scrivere: il loro archivio non è aperto.</translation>
    </message>
    <message>
        <source>The model is being loaded.</source>
        <translation>Il modello è in caricamento.</translation>
    </message>
    <message>
        <source>Open a model first (Ctrl+M).</source>
        <translation>Aprire prima un modello (Ctrl+M).</translation>
    </message>
    <message>
        <source>Open a series first (Ctrl+O).</source>
        <translation>Aprire prima una serie (Ctrl+O).</translation>
    </message>
    <message>
        <source>This is the last series of the list.</source>
        <translation>Questa è l&apos;ultima serie dell&apos;elenco.</translation>
    </message>
    <message>
        <source>This is the first series of the list.</source>
        <translation>Questa è la prima serie dell&apos;elenco.</translation>
    </message>
    <message>
        <source>There is nothing to take back.</source>
        <translation>Non c&apos;è nulla da annullare.</translation>
    </message>
    <message>
        <source>Nothing was taken back.</source>
        <translation>Nulla è stato annullato.</translation>
    </message>
    <message>
        <source>The last window was closed in order.</source>
        <translation>L&apos;ultima finestra è stata chiusa regolarmente.</translation>
    </message>
    <message>
        <source>No map is computed yet.</source>
        <translation>Nessuna mappa è ancora calcolata.</translation>
    </message>
    <message>
        <source>Nothing is open yet.</source>
        <translation>Nulla è ancora aperto.</translation>
    </message>
    <message>
        <source>There is no second series beside the first (Ctrl+Shift+PgDown).</source>
        <translation>Non c&apos;è una seconda serie accanto alla prima (Ctrl+Shift+PgDown).</translation>
    </message>
    <message>
        <source>Only when you read first, then reveal (Ctrl+Shift+L).</source>
        <translation>Solo con «Prima leggi, poi scopri» (Ctrl+Shift+L).</translation>
    </message>
    <message>
        <source>{name} and {count} more</source>
        <translation>{name} e altri {count}</translation>
    </message>
    <message>
        <source>{path} is no longer there.</source>
        <translation>{path} non c&apos;è più.</translation>
    </message>
    <message>
        <source>{path} cannot be reached: {cause}.</source>
        <translation>{path} non è raggiungibile: {cause}.</translation>
    </message>
    <message>
        <source>Your place cannot be kept for the next start: {why}</source>
        <translation>Il punto di lavoro non può essere conservato per il prossimo avvio: {why}</translation>
    </message>
    <message>
        <source>Hidden until your reading of the picture is locked (Ctrl+L).</source>
        <translation>Nascosto finché la lettura dell&apos;immagine non è bloccata (Ctrl+L).</translation>
    </message>
    <message>
        <source>Hidden until your reading with the prediction is locked (Ctrl+L).</source>
        <translation>Nascosto finché la lettura con la predizione non è bloccata (Ctrl+L).</translation>
    </message>
    <message>
        <source>Everything is shown: what you answer now is no unaided reading.</source>
        <translation>Tutto è visibile: ciò che si risponde ora non è una lettura senza ausilio.</translation>
    </message>
    <message>
        <source>Computing {method}</source>
        <translation>Calcolo di {method}</translation>
    </message>
    <message>
        <source>computing {percent} %</source>
        <translation>in calcolo, {percent} %</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>in attesa</translation>
    </message>
    <message>
        <source>under 1 s</source>
        <translation>meno di 1 s</translation>
    </message>
    <message>
        <source>about {n} s</source>
        <translation>circa {n} s</translation>
    </message>
    <message>
        <source>about {n} min</source>
        <translation>circa {n} min</translation>
    </message>
    <message>
        <source>Reading the second series</source>
        <translation>Lettura della seconda serie</translation>
    </message>
    <message>
        <source>This series is open already; choose another one to show beside it.</source>
        <translation>Questa serie è già aperta; sceglierne un&apos;altra da mostrare accanto.</translation>
    </message>
    <message>
        <source>There is no other series to show beside this one.</source>
        <translation>Non c&apos;è un&apos;altra serie da mostrare accanto a questa.</translation>
    </message>
    <message>
        <source>slices</source>
        <translation>strati</translation>
    </message>
    <message>
        <source>zoom</source>
        <translation>zoom</translation>
    </message>
    <message>
        <source>window</source>
        <translation>finestra</translation>
    </message>
    <message>
        <source>slices not linked</source>
        <translation>strati non collegati</translation>
    </message>
    <message>
        <source>slices by share of the stack · {why}</source>
        <translation>strati in proporzione alla pila · {why}</translation>
    </message>
    <message>
        <source>slices by position · same plane</source>
        <translation>strati per posizione · stesso piano</translation>
    </message>
    <message>
        <source>slices by position · {mm} mm apart</source>
        <translation>strati per posizione · a {mm} mm</translation>
    </message>
    <message>
        <source>no slice at this position: nearest is {mm} mm away</source>
        <translation>nessuno strato in questa posizione: il più vicino è a {mm} mm</translation>
    </message>
    <message>
        <source>The settings in {file} cannot be read or written: they are not kept.</source>
        <translation>Le impostazioni in {file} non si possono leggere o scrivere: non saranno conservate.</translation>
    </message>
    <message>
        <source>The settings in {file} are damaged; what could not be read has its default.</source>
        <translation>Le impostazioni in {file} sono danneggiate; ciò che non era leggibile ha il valore predefinito.</translation>
    </message>
    <message>
        <source>no patient geometry</source>
        <translation>senza geometria del paziente</translation>
    </message>
    <message>
        <source>another frame of reference</source>
        <translation>altro sistema di riferimento</translation>
    </message>
    <message>
        <source>another plane</source>
        <translation>altro piano</translation>
    </message>
    <message>
        <source>no common extent</source>
        <translation>nessuna zona in comune</translation>
    </message>
    <message>
        <source>strongly disagree</source>
        <translation>del tutto in disaccordo</translation>
    </message>
    <message>
        <source>disagree</source>
        <translation>in disaccordo</translation>
    </message>
    <message>
        <source>neither</source>
        <translation>né l&apos;uno né l&apos;altro</translation>
    </message>
    <message>
        <source>agree</source>
        <translation>d&apos;accordo</translation>
    </message>
    <message>
        <source>strongly agree</source>
        <translation>del tutto d&apos;accordo</translation>
    </message>
    <message>
        <source>cannot judge</source>
        <translation>non valutabile</translation>
    </message>
    <message>
        <source>Your reading of this image</source>
        <translation>La sua lettura di questa immagine</translation>
    </message>
    <message>
        <source>healthy</source>
        <translation>sano</translation>
    </message>
    <message>
        <source>affected</source>
        <translation>patologico</translation>
    </message>
    <message>
        <source>How likely is it that this muscle is affected?</source>
        <translation>Quanto è probabile che questo muscolo sia patologico?</translation>
    </message>
    <message>
        <source>definitely healthy</source>
        <translation>certamente sano</translation>
    </message>
    <message>
        <source>probably healthy</source>
        <translation>probabilmente sano</translation>
    </message>
    <message>
        <source>uncertain</source>
        <translation>incerto</translation>
    </message>
    <message>
        <source>probably affected</source>
        <translation>probabilmente patologico</translation>
    </message>
    <message>
        <source>definitely affected</source>
        <translation>certamente patologico</translation>
    </message>
    <message>
        <source>How sure are you of this reading?</source>
        <translation>Quanto è sicuro di questa lettura?</translation>
    </message>
    <message>
        <source>guessing</source>
        <translation>a caso</translation>
    </message>
    <message>
        <source>unsure</source>
        <translation>poco sicuro</translation>
    </message>
    <message>
        <source>fairly sure</source>
        <translation>abbastanza sicuro</translation>
    </message>
    <message>
        <source>sure</source>
        <translation>sicuro</translation>
    </message>
    <message>
        <source>certain</source>
        <translation>certo</translation>
    </message>
    <message>
        <source>Anything else about this case?</source>
        <translation>Altro su questo caso?</translation>
    </message>
    <message>
        <source>Your reading of this slice</source>
        <translation>La sua lettura di questo strato</translation>
    </message>
    <message>
        <source>Mark the area that decided your reading</source>
        <translation>Segnare l&apos;area che ha deciso la lettura</translation>
    </message>
    <message>
        <source>Image is good enough to judge</source>
        <translation>La qualità dell&apos;immagine basta per giudicare</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>sì</translation>
    </message>
    <message>
        <source>limited</source>
        <translation>in parte</translation>
    </message>
    <message>
        <source>no</source>
        <translation>no</translation>
    </message>
    <message>
        <source>The highlighted area lies on the tissue that I consider decisive.</source>
        <translation>L&apos;area evidenziata cade sul tessuto che ritengo decisivo.</translation>
    </message>
    <message>
        <source>entirely elsewhere</source>
        <translation>del tutto altrove</translation>
    </message>
    <message>
        <source>mostly elsewhere</source>
        <translation>per lo più altrove</translation>
    </message>
    <message>
        <source>about half</source>
        <translation>circa a metà</translation>
    </message>
    <message>
        <source>mostly on it</source>
        <translation>per lo più su di esso</translation>
    </message>
    <message>
        <source>entirely on it</source>
        <translation>del tutto su di esso</translation>
    </message>
    <message>
        <source>no decisive tissue</source>
        <translation>nessun tessuto decisivo</translation>
    </message>
    <message>
        <source>The map leaves irrelevant structures (bone, vessels, subcutaneous fat, background) unmarked.</source>
        <translation>La mappa non segna strutture irrilevanti (osso, vasi, grasso sottocutaneo, sfondo).</translation>
    </message>
    <message>
        <source>No finding I consider important is missing from the map.</source>
        <translation>Nella mappa non manca alcun reperto che ritengo importante.</translation>
    </message>
    <message>
        <source>The pattern fits a medical reason for this prediction.</source>
        <translation>La distribuzione è compatibile con una ragione medica per questa predizione.</translation>
    </message>
    <message>
        <source>I can tell at a glance what the map is telling me.</source>
        <translation>Capisco a colpo d&apos;occhio che cosa indica la mappa.</translation>
    </message>
    <message>
        <source>Compared with the prediction alone, the map made judging this case…</source>
        <translation>Rispetto alla sola predizione, la mappa ha reso il giudizio su questo caso…</translation>
    </message>
    <message>
        <source>much harder</source>
        <translation>molto più difficile</translation>
    </message>
    <message>
        <source>harder</source>
        <translation>più difficile</translation>
    </message>
    <message>
        <source>no different</source>
        <translation>uguale</translation>
    </message>
    <message>
        <source>easier</source>
        <translation>più facile</translation>
    </message>
    <message>
        <source>much easier</source>
        <translation>molto più facile</translation>
    </message>
    <message>
        <source>The map drew my attention away from something that matters.</source>
        <translation>La mappa ha distolto la mia attenzione da qualcosa di importante.</translation>
    </message>
    <message>
        <source>With this map I could tell whether to accept or reject the prediction.</source>
        <translation>Con questa mappa ho potuto decidere se accettare o respingere la predizione.</translation>
    </message>
    <message>
        <source>I would want this map shown with cases like this one.</source>
        <translation>Vorrei vedere questa mappa in casi come questo.</translation>
    </message>
    <message>
        <source>What is wrong with the map?</source>
        <translation>Che cosa non va nella mappa?</translation>
    </message>
    <message>
        <source>none</source>
        <translation>nulla</translation>
    </message>
    <message>
        <source>wrong side</source>
        <translation>lato errato</translation>
    </message>
    <message>
        <source>outside muscle</source>
        <translation>fuori dal muscolo</translation>
    </message>
    <message>
        <source>misses lesion</source>
        <translation>manca la lesione</translation>
    </message>
    <message>
        <source>too diffuse</source>
        <translation>troppo diffusa</translation>
    </message>
    <message>
        <source>artefact</source>
        <translation>artefatto</translation>
    </message>
    <message>
        <source>other</source>
        <translation>altro</translation>
    </message>
    <message>
        <source>What should the map have shown?</source>
        <translation>Che cosa avrebbe dovuto mostrare la mappa?</translation>
    </message>
    <message>
        <source>missing slices</source>
        <translation>strati mancanti</translation>
    </message>
    <message>
        <source>duplicates</source>
        <translation>duplicati</translation>
    </message>
    <message>
        <source>uneven spacing</source>
        <translation>distanze irregolari</translation>
    </message>
    <message>
        <source>gantry tilt</source>
        <translation>inclinazione del gantry</translation>
    </message>
    <message>
        <source>mixed orientations</source>
        <translation>orientamenti misti</translation>
    </message>
    <message>
        <source>cannot be decoded</source>
        <translation>non decodificabile</translation>
    </message>
    <message>
        <source>no picture</source>
        <translation>non è un&apos;immagine</translation>
    </message>
    <message>
        <source>mosaic</source>
        <translation>mosaico</translation>
    </message>
    <message>
        <source>colour</source>
        <translation>colore</translation>
    </message>
    <message>
        <source>several volumes</source>
        <translation>più volumi</translation>
    </message>
    <message>
        <source>place unknown</source>
        <translation>posizione ignota</translation>
    </message>
    <message>
        <source>not MR</source>
        <translation>non RM</translation>
    </message>
    <message>
        <source>unreadable</source>
        <translation>illeggibile</translation>
    </message>
    <message>
        <source>axial</source>
        <translation>assiale</translation>
    </message>
    <message>
        <source>coronal</source>
        <translation>coronale</translation>
    </message>
    <message>
        <source>sagittal</source>
        <translation>sagittale</translation>
    </message>
    <message>
        <source>Study {number}</source>
        <translation>Studio {number}</translation>
    </message>
    <message>
        <source>No study</source>
        <translation>Nessuno studio</translation>
    </message>
    <message>
        <source>series without a name</source>
        <translation>serie senza nome</translation>
    </message>
    <message>
        <source>{series} (open now)</source>
        <translation>{series} (aperta ora)</translation>
    </message>
    <message>
        <source>Files that were left out</source>
        <translation>File esclusi</translation>
    </message>
    <message>
        <source>1 file</source>
        <translation>1 file</translation>
    </message>
    <message>
        <source>{count} files</source>
        <translation>{count} file</translation>
    </message>
    <message>
        <source>Files looked at</source>
        <translation>File esaminati</translation>
    </message>
    <message>
        <source>Studies found</source>
        <translation>Studi trovati</translation>
    </message>
    <message>
        <source>Series found</source>
        <translation>Serie trovate</translation>
    </message>
    <message>
        <source>Slices found</source>
        <translation>Strati trovati</translation>
    </message>
    <message>
        <source>Series with something odd</source>
        <translation>Serie con anomalie</translation>
    </message>
    <message>
        <source>Files passed over by their name (text, tables, programs)</source>
        <translation>File ignorati per il nome (testi, tabelle, programmi)</translation>
    </message>
    <message>
        <source>Files skipped: no pictures</source>
        <translation>File saltati: non immagini</translation>
    </message>
    <message>
        <source>Files or folders skipped: unreadable</source>
        <translation>File o cartelle saltati: illeggibili</translation>
    </message>
    <message>
        <source>Series split into several</source>
        <translation>Serie divise in più serie</translation>
    </message>
    <message>
        <source>Duplicate files left out</source>
        <translation>File duplicati esclusi</translation>
    </message>
    <message>
        <source>Slices missing between others</source>
        <translation>Strati mancanti tra altri</translation>
    </message>
    <message>
        <source>Pictures damaged or without pixels</source>
        <translation>Immagini danneggiate o senza pixel</translation>
    </message>
    <message>
        <source>Volumes that are not shown (time points, echoes)</source>
        <translation>Volumi non mostrati (istanti, echi)</translation>
    </message>
    <message>
        <source>window: across changes the width, up and down the level</source>
        <translation>finestra: in orizzontale l&apos;ampiezza, in verticale il livello</translation>
    </message>
    <message>
        <source>pan</source>
        <translation>sposta</translation>
    </message>
    <message>
        <source>slice: down goes on, up goes back</source>
        <translation>strato: giù avanti, su indietro</translation>
    </message>
    <message>
        <source>Left-drag</source>
        <translation>Trascinare col sinistro</translation>
    </message>
    <message>
        <source>Middle-drag</source>
        <translation>Trascinare col centrale</translation>
    </message>
    <message>
        <source>Right-drag</source>
        <translation>Trascinare col destro</translation>
    </message>
    <message>
        <source>Right click</source>
        <translation>Clic destro</translation>
    </message>
    <message>
        <source>Shift+right-drag</source>
        <translation>Shift+trascinare col destro</translation>
    </message>
    <message>
        <source>Ctrl+right-drag</source>
        <translation>Ctrl+trascinare col destro</translation>
    </message>
    <message>
        <source>Ctrl or Shift while dragging the window</source>
        <translation>Ctrl o Shift mentre si regola la finestra</translation>
    </message>
    <message>
        <source>2.5 times as fast, both 5 times</source>
        <translation>2,5 volte più veloce, insieme 5 volte</translation>
    </message>
    <message>
        <source>Left window, right zoom (as in OHIF and Horos)</source>
        <translation>Sinistro finestra, destro zoom (come OHIF e Horos)</translation>
    </message>
    <message>
        <source>Left window, right menu (as in Weasis)</source>
        <translation>Sinistro finestra, destro menu (come Weasis)</translation>
    </message>
    <message>
        <source>Right window, left slices (as in MITK&apos;s PACS mode)</source>
        <translation>Destro finestra, sinistro strati (come MITK, modo PACS)</translation>
    </message>
    <message>
        <source>no patient geometry: left/right and mm unknown</source>
        <translation>senza geometria del paziente: destra/sinistra e mm ignoti</translation>
    </message>
    <message>
        <source>value {value}</source>
        <translation>valore {value}</translation>
    </message>
    <message>
        <source>row {i} column {j}</source>
        <translation>riga {i} colonna {j}</translation>
    </message>
    <message>
        <source>zoom {percent} %</source>
        <translation>zoom {percent} %</translation>
    </message>
    <message>
        <source>series</source>
        <translation>serie</translation>
    </message>
    <message>
        <source>born {date}</source>
        <translation>nascita {date}</translation>
    </message>
    <message>
        <source>thickness {mm} mm</source>
        <translation>spessore {mm} mm</translation>
    </message>
    <message>
        <source>spacing {mm} mm</source>
        <translation>distanza {mm} mm</translation>
    </message>
    <message>
        <source>undone</source>
        <translation>annullata</translation>
    </message>
    <message>
        <source>done again</source>
        <translation>ripristinata</translation>
    </message>
    <message>
        <source>your reading</source>
        <translation>la lettura</translation>
    </message>
    <message>
        <source>how sure you are</source>
        <translation>la sicurezza</translation>
    </message>
    <message>
        <source>Read</source>
        <translation>Lettura</translation>
    </message>
    <message>
        <source>Prediction</source>
        <translation>Predizione</translation>
    </message>
    <message>
        <source>Maps</source>
        <translation>Mappe</translation>
    </message>
    <message>
        <source>tissue around</source>
        <translation>tessuto intorno</translation>
    </message>
    <message>
        <source>body mean</source>
        <translation>media del corpo</translation>
    </message>
    <message numerus="yes">
        <source>%n more</source>
        <comment>colour bars</comment>
        <translation>
            <numerusform>altra %n</numerusform>
            <numerusform>altre %n</numerusform>
        </translation>
    </message>
    <message>
        <source>Copy all</source>
        <translation>Copia tutto</translation>
    </message>
    <message>
        <source>Copy the whole page; parts of it can be selected and copied, too.</source>
        <translation>Copia l&apos;intera pagina; se ne possono selezionare e copiare anche parti.</translation>
    </message>
    <message>
        <source>Drop to add to what is open</source>
        <translation>Rilasciare per aggiungere a ciò che è aperto</translation>
    </message>
    <message>
        <source>Without Shift: open instead of what is open</source>
        <translation>Senza Shift: apre al posto di ciò che è aperto</translation>
    </message>
    <message>
        <source>Drop to open it</source>
        <translation>Rilasciare per aprire</translation>
    </message>
    <message>
        <source>Drop to open {count} items</source>
        <translation>Rilasciare per aprire {count} elementi</translation>
    </message>
    <message>
        <source>With Shift: add to what is open</source>
        <translation>Con Shift: aggiunge a ciò che è aperto</translation>
    </message>
    <message>
        <source>Overlays on</source>
        <translation>Sovrapposizioni attive</translation>
    </message>
    <message>
        <source>Show or hide the overlays.</source>
        <translation>Mostra o nasconde le sovrapposizioni.</translation>
    </message>
    <message>
        <source>Peek at the clean picture</source>
        <translation>Immagine pulita per un attimo</translation>
    </message>
    <message>
        <source>While the key is held.</source>
        <translation>Finché il tasto è premuto.</translation>
    </message>
    <message>
        <source>Previous method</source>
        <translation>Metodo precedente</translation>
    </message>
    <message>
        <source>Show the previous method alone.</source>
        <translation>Mostra solo il metodo precedente.</translation>
    </message>
    <message>
        <source>Next method</source>
        <translation>Metodo successivo</translation>
    </message>
    <message>
        <source>Show the next method alone.</source>
        <translation>Mostra solo il metodo successivo.</translation>
    </message>
    <message>
        <source>Outline</source>
        <translation>Contorno</translation>
    </message>
    <message>
        <source>Fill the shown area, outline it over the filling, outline it alone: the next of the three.</source>
        <translation>Area piena, piena con contorno, solo contorno: passa al modo successivo.</translation>
    </message>
    <message>
        <source>Blink</source>
        <translation>Intermittenza</translation>
    </message>
    <message>
        <source>Switch the overlay on and off twice a second.</source>
        <translation>Accende e spegne la sovrapposizione due volte al secondo.</translation>
    </message>
    <message>
        <source>Raise overlay</source>
        <translation>Porta avanti la sovrapposizione</translation>
    </message>
    <message>
        <source>Paint the chosen overlay over the next one that is shown.</source>
        <translation>Dipinge la sovrapposizione scelta sopra la successiva mostrata.</translation>
    </message>
    <message>
        <source>Lower overlay</source>
        <translation>Porta indietro la sovrapposizione</translation>
    </message>
    <message>
        <source>Paint the chosen overlay under the next one that is shown.</source>
        <translation>Dipinge la sovrapposizione scelta sotto la successiva mostrata.</translation>
    </message>
    <message>
        <source>Body only</source>
        <translation>Solo corpo</translation>
    </message>
    <message>
        <source>Paint maps on the body alone, not on air; the colour bar says when that hides anything.</source>
        <translation>Dipinge le mappe solo sul corpo, non sull&apos;aria; la barra dei colori dice se così qualcosa è nascosto.</translation>
    </message>
    <message>
        <source>More opaque</source>
        <translation>Più opaca</translation>
    </message>
    <message>
        <source>Also: Shift+wheel.</source>
        <translation>Anche: Shift+rotella.</translation>
    </message>
    <message>
        <source>Less opaque</source>
        <translation>Meno opaca</translation>
    </message>
    <message>
        <source>Next target class</source>
        <translation>Classe spiegata successiva</translation>
    </message>
    <message>
        <source>Go on to the next class whose evidence the maps show.</source>
        <translation>Passa alla classe successiva di cui le mappe mostrano gli indizi.</translation>
    </message>
    <message>
        <source>Explanation card</source>
        <translation>Scheda della spiegazione</translation>
    </message>
    <message>
        <source>What made the chosen map: method, reference, layer, target, model, volume, cost; to read and to copy.</source>
        <translation>Come è nata la mappa scelta: metodo, riferimento, livello, classe, modello, volume, costo; da leggere e copiare.</translation>
    </message>
    <message>
        <source>Compute for this slice</source>
        <translation>Calcola per questo strato</translation>
    </message>
    <message>
        <source>Compute the chosen method, one that is not computed by itself, for the slice on screen.</source>
        <translation>Calcola per lo strato sullo schermo il metodo scelto, se non è automatico.</translation>
    </message>
    <message>
        <source>Compute for the whole series</source>
        <translation>Calcola per l&apos;intera serie</translation>
    </message>
    <message>
        <source>Compute the chosen method for every slice, nearest first; Esc stops and keeps what is there.</source>
        <translation>Calcola il metodo scelto per ogni strato, dal più vicino; Esc interrompe e conserva quanto fatto.</translation>
    </message>
    <message>
        <source>Chosen method alone</source>
        <translation>Solo il metodo scelto</translation>
    </message>
    <message>
        <source>Hide every other method.</source>
        <translation>Nasconde tutti gli altri metodi.</translation>
    </message>
    <message>
        <source>Untick every method</source>
        <translation>Deseleziona tutti i metodi</translation>
    </message>
    <message>
        <source>Show no method at all.</source>
        <translation>Non mostra alcun metodo.</translation>
    </message>
    <message>
        <source>Scores of the map</source>
        <translation>Punteggi della mappa</translation>
    </message>
    <message>
        <source>Measure how faithful the chosen map of this slice is: deletion and insertion curves.</source>
        <translation>Misura la fedeltà della mappa scelta di questo strato: curve di cancellazione e inserimento.</translation>
    </message>
    <message>
        <source>What-if brush</source>
        <translation>Pennello «e se…»</translation>
    </message>
    <message>
        <source>Paint over tissue and see the model&apos;s answer change; arrows and Enter paint without a mouse.</source>
        <translation>Dipinge sul tessuto e mostra come cambia la risposta del modello; frecce e Invio dipingono senza mouse.</translation>
    </message>
    <message>
        <source>Attach what is painted</source>
        <translation>Allega ciò che è dipinto</translation>
    </message>
    <message>
        <source>Put the painted region and its effect into the feedback.</source>
        <translation>Aggiunge alla valutazione la regione dipinta e il suo effetto.</translation>
    </message>
    <message>
        <source>Stop computing</source>
        <translation>Interrompi il calcolo</translation>
    </message>
    <message>
        <source>Stop reading or computing; what is there stays.</source>
        <translation>Interrompe la lettura o il calcolo; quanto fatto resta.</translation>
    </message>
    <message>
        <source>Compute the rest</source>
        <translation>Calcola il resto</translation>
    </message>
    <message>
        <source>Go on after a stop.</source>
        <translation>Riprende dopo un&apos;interruzione.</translation>
    </message>
    <message>
        <source>Answer 1</source>
        <translation>Risposta 1</translation>
    </message>
    <message>
        <source>Answer the marked question with its first choice.</source>
        <translation>Risponde alla domanda segnata con la prima scelta.</translation>
    </message>
    <message>
        <source>Answer 2</source>
        <translation>Risposta 2</translation>
    </message>
    <message>
        <source>Second choice.</source>
        <translation>Seconda scelta.</translation>
    </message>
    <message>
        <source>Answer 3</source>
        <translation>Risposta 3</translation>
    </message>
    <message>
        <source>Third choice.</source>
        <translation>Terza scelta.</translation>
    </message>
    <message>
        <source>Answer 4</source>
        <translation>Risposta 4</translation>
    </message>
    <message>
        <source>Fourth choice.</source>
        <translation>Quarta scelta.</translation>
    </message>
    <message>
        <source>Answer 5</source>
        <translation>Risposta 5</translation>
    </message>
    <message>
        <source>Fifth choice.</source>
        <translation>Quinta scelta.</translation>
    </message>
    <message>
        <source>Answer 6</source>
        <translation>Risposta 6</translation>
    </message>
    <message>
        <source>Sixth choice.</source>
        <translation>Sesta scelta.</translation>
    </message>
    <message>
        <source>Answer 7</source>
        <translation>Risposta 7</translation>
    </message>
    <message>
        <source>Seventh choice.</source>
        <translation>Settima scelta.</translation>
    </message>
    <message>
        <source>Cannot judge</source>
        <translation>Non valutabile</translation>
    </message>
    <message>
        <source>Say that the question cannot be answered here.</source>
        <translation>Dice che qui alla domanda non si può rispondere.</translation>
    </message>
    <message>
        <source>Next question</source>
        <translation>Domanda successiva</translation>
    </message>
    <message>
        <source>Mark the next question, answered or not.</source>
        <translation>Segna la domanda successiva, con o senza risposta.</translation>
    </message>
    <message>
        <source>Previous question</source>
        <translation>Domanda precedente</translation>
    </message>
    <message>
        <source>Mark the question before.</source>
        <translation>Segna la domanda precedente.</translation>
    </message>
    <message>
        <source>Next question without an answer</source>
        <translation>Prossima domanda senza risposta</translation>
    </message>
    <message>
        <source>Mark the next question that still needs an answer; the panel counts them.</source>
        <translation>Segna la prossima domanda che attende una risposta; il pannello le conta.</translation>
    </message>
    <message>
        <source>Mark the area that decided your reading: drag, click, or arrows and Enter; Esc leaves.</source>
        <translation>Segna l&apos;area che ha deciso la lettura: trascinare, clic, o frecce e Invio; Esc esce.</translation>
    </message>
    <message>
        <source>When the answer to the marked question was changed, from what to what.</source>
        <translation>Quando la risposta alla domanda segnata è cambiata, da cosa a cosa.</translation>
    </message>
    <message>
        <source>Ask everything, also about the slice; otherwise the short form.</source>
        <translation>Pone tutte le domande, anche sullo strato; altrimenti il modulo breve.</translation>
    </message>
    <message>
        <source>Read first, then reveal</source>
        <translation>Prima leggi, poi scopri</translation>
    </message>
    <message>
        <source>Hide the model&apos;s answer until you have locked your own; then the prediction, then the maps.</source>
        <translation>Nasconde la risposta del modello finché la propria non è bloccata; poi la predizione, poi le mappe.</translation>
    </message>
    <message>
        <source>Lock my reading</source>
        <translation>Blocca la mia lettura</translation>
    </message>
    <message>
        <source>Lock the answers of this stage and see what comes next; locked answers are no longer changed.</source>
        <translation>Blocca le risposte di questa fase e mostra la successiva; le risposte bloccate non cambiano più.</translation>
    </message>
    <message>
        <source>Reader…</source>
        <translation>Lettore…</translation>
    </message>
    <message>
        <source>Say under which reader id answers are saved.</source>
        <translation>Stabilisce con quale codice lettore sono salvate le risposte.</translation>
    </message>
    <message>
        <source>Keys and mouse</source>
        <translation>Tasti e mouse</translation>
    </message>
    <message>
        <source>Everything the keyboard and the mouse do.</source>
        <translation>Tutto ciò che fanno tastiera e mouse.</translation>
    </message>
    <message>
        <source>Load report</source>
        <translation>Rapporto di caricamento</translation>
    </message>
    <message>
        <source>What was found, skipped, split, duplicate or missing among the files; to read and to copy.</source>
        <translation>Che cosa tra i file è stato trovato, saltato, diviso, duplicato o manca; da leggere e copiare.</translation>
    </message>
    <message>
        <source>About Overread</source>
        <translation>Informazioni su Overread</translation>
    </message>
    <message>
        <source>Version, licence and intended use.</source>
        <translation>Versione, licenza e destinazione d&apos;uso.</translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation>Copia come testo</translation>
    </message>
    <message>
        <source>Copy the card as plain text, a line for each value</source>
        <translation>Copia la scheda come testo semplice, una riga per valore</translation>
    </message>
    <message>
        <source>The brush needs a series and a model that is loaded.</source>
        <translation>Il pennello richiede una serie e un modello caricato.</translation>
    </message>
    <message>
        <source>Paint over tissue: what would the model say without it?</source>
        <translation>Tessuto escluso: che dice il modello?</translation>
    </message>
    <message>
        <source>Only air is painted: nothing changes.</source>
        <translation>È dipinta solo aria: nulla cambia.</translation>
    </message>
    <message>
        <source>{name} {before:.2f} → …</source>
        <translation>{name} {before:.2f} → …</translation>
    </message>
    <message>
        <source>{name} {before:.2f} → {after:.2f}</source>
        <translation>{name} {before:.2f} → {after:.2f}</translation>
    </message>
    <message>
        <source>log-odds {before:.2f} → {after:.2f}</source>
        <translation>log-odds {before:.2f} → {after:.2f}</translation>
    </message>
    <message>
        <source>Nothing is painted on this slice.</source>
        <translation>Nulla è dipinto su questo strato.</translation>
    </message>
    <message>
        <source>The model has not answered yet.</source>
        <translation>Il modello non ha ancora risposto.</translation>
    </message>
    <message>
        <source>Attached to the feedback: slice {k}, {name} {before:.2f} → {after:.2f}.</source>
        <translation>Allegato alla valutazione: strato {k}, {name} {before:.2f} → {after:.2f}.</translation>
    </message>
    <message>
        <source>Export ratings</source>
        <translation>Esporta valutazioni</translation>
    </message>
    <message>
        <source>All answers</source>
        <translation>Tutte le risposte</translation>
    </message>
    <message>
        <source>Only my answers ({reader})</source>
        <translation>Solo le mie risposte ({reader})</translation>
    </message>
    <message>
        <source>There are no answers of {reader} yet</source>
        <translation>Non ci sono ancora risposte di {reader}</translation>
    </message>
    <message>
        <source>What will be written</source>
        <translation>Che cosa sarà scritto</translation>
    </message>
    <message>
        <source>File</source>
        <translation>File</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>Sfoglia…</translation>
    </message>
    <message>
        <source>Write</source>
        <translation>Scrivi</translation>
    </message>
    <message>
        <source>First rows</source>
        <translation>Prime righe</translation>
    </message>
    <message>
        <source>Rows: {rows} · readers: {readers} · cases: {cases}</source>
        <translation>Righe: {rows} · lettori: {readers} · casi: {cases}</translation>
    </message>
    <message>
        <source>The first {shown} of {rows} rows, {some} of {columns} columns.</source>
        <translation>Le prime {shown} di {rows} righe, {some} di {columns} colonne.</translation>
    </message>
    <message>
        <source>What others answered of the open case is not shown before your reading is locked.</source>
        <translation>Ciò che altri hanno risposto sul caso aperto non è mostrato prima che la lettura sia bloccata.</translation>
    </message>
    <message>
        <source>There are no answers yet: the file will hold its header alone.</source>
        <translation>Non ci sono ancora risposte: il file conterrà solo l&apos;intestazione.</translation>
    </message>
    <message>
        <source>Name a file, such as ratings.csv</source>
        <translation>Indicare un file, come ratings.csv</translation>
    </message>
    <message>
        <source>Replaces the file that is there; {name} beside it too.</source>
        <translation>Sostituisce il file esistente; anche {name} accanto.</translation>
    </message>
    <message>
        <source>{name} goes beside it and explains every column.</source>
        <translation>{name} gli sta accanto e spiega ogni colonna.</translation>
    </message>
    <message>
        <source>{rows} answers written to {path}.</source>
        <translation>Risposte scritte in {path}: {rows}.</translation>
    </message>
    <message>
        <source>Open a folder of series</source>
        <translation>Apri una cartella di serie</translation>
    </message>
    <message>
        <source>Open files</source>
        <translation>Apri file</translation>
    </message>
    <message>
        <source>Add a folder of series</source>
        <translation>Aggiungi una cartella di serie</translation>
    </message>
    <message>
        <source>Add files</source>
        <translation>Aggiungi file</translation>
    </message>
    <message>
        <source>The list of files and folders opened before is empty now.</source>
        <translation>L&apos;elenco dei file e delle cartelle aperti in precedenza ora è vuoto.</translation>
    </message>
    <message>
        <source>Open the folder of a model</source>
        <translation>Apri la cartella di un modello</translation>
    </message>
    <message>
        <source>Open the folder of a training run</source>
        <translation>Apri la cartella di un addestramento</translation>
    </message>
    <message>
        <source>There are no maps to write yet: the series is still being read.</source>
        <translation>Non ci sono ancora mappe da scrivere: la serie è in lettura.</translation>
    </message>
    <message>
        <source>Maps written to {path}.</source>
        <translation>Mappe scritte in {path}.</translation>
    </message>
    <message>
        <source>Export maps into a folder</source>
        <translation>Esporta le mappe in una cartella</translation>
    </message>
    <message>
        <source>When (UTC)</source>
        <translation>Quando (UTC)</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>Fase</translation>
    </message>
    <message>
        <source>From</source>
        <translation>Da</translation>
    </message>
    <message>
        <source>To</source>
        <translation>A</translation>
    </message>
    <message>
        <source>taken back</source>
        <translation>annullata</translation>
    </message>
    <message>
        <source>Not answered yet.</source>
        <translation>Ancora senza risposta.</translation>
    </message>
    <message>
        <source>Nothing is ever deleted: each change is an entry of its own in the log.</source>
        <translation>Nulla viene mai cancellato: ogni modifica è una voce a sé nel registro.</translation>
    </message>
    <message>
        <source>Nothing odd about</source>
        <translation>Nessuna anomalia in</translation>
    </message>
    <message>
        <source>{names} and {count} more</source>
        <translation>{names} e altri {count}</translation>
    </message>
    <message>
        <source>Open a folder (Ctrl+O), or drop files here.
F1 lists all keys.</source>
        <translation>Aprire una cartella (Ctrl+O) o rilasciare qui dei file.
F1 elenca tutti i tasti.</translation>
    </message>
    <message>
        <source>Overread – research use only, not a medical device</source>
        <translation>Overread – solo per ricerca, non è un dispositivo medico</translation>
    </message>
    <message>
        <source>Predicting and explaining</source>
        <translation>Predizione e spiegazione</translation>
    </message>
    <message>
        <source>Demo: synthetic phantom legs, not patients, and a model trained on such phantoms.</source>
        <translation>Demo: gambe di fantocci sintetici, non pazienti, e un modello addestrato su tali fantocci.</translation>
    </message>
    <message>
        <source>Computing on {device}</source>
        <translation>Calcolo su {device}</translation>
    </message>
    <message>
        <source>No question is answered in the picture now.</source>
        <translation>Ora nessuna domanda ha risposta nell&apos;immagine.</translation>
    </message>
    <message>
        <source>Turn on all questions (Ctrl+Shift+Q).</source>
        <translation>Attiva tutte le domande (Ctrl+Shift+Q).</translation>
    </message>
    <message>
        <source>, slice {k}</source>
        <translation>, strato {k}</translation>
    </message>
    <message>
        <source>Answer changed: “{question}”</source>
        <translation>Risposta cambiata: «{question}»</translation>
    </message>
    <message>
        <source>Changes of this answer</source>
        <translation>Modifiche di questa risposta</translation>
    </message>
    <message>
        <source>Click the place, or move with the arrows and press Enter. Esc leaves.</source>
        <translation>Clic sul punto, oppure frecce e Invio. Esc esce.</translation>
    </message>
    <message>
        <source>Move to the opposite corner and press Enter. Esc leaves.</source>
        <translation>Spostarsi all&apos;angolo opposto e premere Invio. Esc esce.</translation>
    </message>
    <message>
        <source>Drag a box or click a place, or use the arrows and Enter. Esc leaves.</source>
        <translation>Trascinare un riquadro o clic su un punto, oppure frecce e Invio. Esc esce.</translation>
    </message>
    <message>
        <source> or </source>
        <translation> o </translation>
    </message>
    <message>
        <source>hold {key}</source>
        <translation>tenere {key}</translation>
    </message>
    <message>
        <source>Mouse on the picture</source>
        <translation>Mouse sull&apos;immagine</translation>
    </message>
    <message>
        <source>Show {method}</source>
        <translation>Mostra {method}</translation>
    </message>
    <message>
        <source>Opacity of {method}</source>
        <translation>Opacità di {method}</translation>
    </message>
    <message>
        <source>Opacity (Shift+wheel on the picture)</source>
        <translation>Opacità (Shift+rotella sull&apos;immagine)</translation>
    </message>
    <message>
        <source>This slice (R)</source>
        <translation>Questo strato (R)</translation>
    </message>
    <message>
        <source>Whole series (Shift+R)</source>
        <translation>Intera serie (Shift+R)</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>Opacità</translation>
    </message>
    <message>
        <source>{n} %</source>
        <translation>{n} %</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Stop</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>Avvia</translation>
    </message>
    <message>
        <source>This slice: {cost}</source>
        <translation>Questo strato: {cost}</translation>
    </message>
    <message>
        <source>Whole series: {cost}</source>
        <translation>Intera serie: {cost}</translation>
    </message>
    <message>
        <source>Stop; what is there stays (Esc)</source>
        <translation>Interrompe; quanto fatto resta (Esc)</translation>
    </message>
    <message>
        <source>Whole series (Shift+R): {cost}</source>
        <translation>Intera serie (Shift+R): {cost}</translation>
    </message>
    <message>
        <source>This slice (R): {cost}</source>
        <translation>Questo strato (R): {cost}</translation>
    </message>
    <message>
        <source>This method has no settings.</source>
        <translation>Questo metodo non ha impostazioni.</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>Ripristina</translation>
    </message>
    <message>
        <source>Back to the method&apos;s own settings</source>
        <translation>Torna alle impostazioni proprie del metodo</translation>
    </message>
    <message>
        <source>These are the method&apos;s own settings.</source>
        <translation>Sono le impostazioni proprie del metodo.</translation>
    </message>
    <message>
        <source>{method} takes part</source>
        <translation>{method} partecipa</translation>
    </message>
    <message>
        <source>Notice</source>
        <translation>Avvertenza</translation>
    </message>
    <message>
        <source>the predicted class</source>
        <translation>la classe predetta</translation>
    </message>
    <message>
        <source>this slice</source>
        <translation>strato</translation>
    </message>
    <message>
        <source>whole series</source>
        <translation>serie</translation>
    </message>
    <message>
        <source>fixed</source>
        <translation>fissa</translation>
    </message>
    <message>
        <source>Class that is explained</source>
        <translation>Classe spiegata</translation>
    </message>
    <message>
        <source>Label map of the file</source>
        <translation>Mappa di etichette del file</translation>
    </message>
    <message>
        <source>Show the label map of the file</source>
        <translation>Mostra la mappa di etichette del file</translation>
    </message>
    <message>
        <source>Regions that came with the series (a NIfTI label map on the same grid)</source>
        <translation>Regioni fornite con la serie (una mappa di etichette NIfTI sulla stessa griglia)</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>Colori</translation>
    </message>
    <message>
        <source>Scale of the colours</source>
        <translation>Scala dei colori</translation>
    </message>
    <message>
        <source>Where the brightest colour lies: at the largest value of this slice, of the series, or where you have put it</source>
        <translation>Dove sta il colore più intenso: al valore massimo di questo strato, della serie, o dove è stato messo</translation>
    </message>
    <message>
        <source>Hide below</source>
        <translation>Soglia</translation>
    </message>
    <message>
        <source>Values below this part of the scale are not painted; no colour changes</source>
        <translation>I valori sotto questa parte della scala non sono dipinti; nessun colore cambia</translation>
    </message>
    <message>
        <source>Lowest colour at</source>
        <translation>Primo colore a</translation>
    </message>
    <message>
        <source>Highest colour at</source>
        <translation>Ultimo colore a</translation>
    </message>
    <message>
        <source>Scale</source>
        <translation>Scala</translation>
    </message>
    <message>
        <source>to</source>
        <translation>a</translation>
    </message>
    <message>
        <source>Explanations</source>
        <translation>Spiegazioni</translation>
    </message>
    <message>
        <source>of</source>
        <translation>di</translation>
    </message>
    <message>
        <source>Previous method with a map, alone ([)</source>
        <translation>Metodo precedente con una mappa, da solo ([)</translation>
    </message>
    <message>
        <source>Next method with a map, alone (])</source>
        <translation>Metodo successivo con una mappa, da solo (])</translation>
    </message>
    <message>
        <source>Solo</source>
        <translation>Solo</translation>
    </message>
    <message>
        <source>Show the chosen method alone (Shift+A)</source>
        <translation>Mostra solo il metodo scelto (Shift+A)</translation>
    </message>
    <message>
        <source>Hide all</source>
        <translation>Nascondi tutte</translation>
    </message>
    <message>
        <source>Untick every method (Shift+V)</source>
        <translation>Deseleziona tutti i metodi (Shift+V)</translation>
    </message>
    <message>
        <source>{there} of {all} maps</source>
        <translation>mappe: {there} di {all}</translation>
    </message>
    <message>
        <source>No method is shown, so there is none to hide.</source>
        <translation>Nessun metodo è mostrato, quindi non c&apos;è nulla da nascondere.</translation>
    </message>
    <message>
        <source>Settings of {method}</source>
        <translation>Impostazioni di {method}</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>modificate</translation>
    </message>
    <message>
        <source>Scores of this map</source>
        <translation>Punteggi di questa mappa</translation>
    </message>
    <message>
        <source>Display of {method}</source>
        <translation>Aspetto di {method}</translation>
    </message>
    <message>
        <source>for {name}</source>
        <translation>per {name}</translation>
    </message>
    <message>
        <source>Value of this end of the colours; typing one makes the scale fixed</source>
        <translation>Valore a questo estremo dei colori; scriverne uno rende fissa la scala</translation>
    </message>
    <message>
        <source>There is no map of this slice whose range could be set.</source>
        <translation>Nessuna mappa di questo strato di cui regolare l&apos;intervallo.</translation>
    </message>
    <message>
        <source>Label map {name}</source>
        <translation>Mappa di etichette {name}</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>Preferenze</translation>
    </message>
    <message>
        <source>What the mouse buttons do</source>
        <translation>Che cosa fanno i pulsanti del mouse</translation>
    </message>
    <message>
        <source>&amp;Look</source>
        <translation>&amp;Aspetto</translation>
    </message>
    <message>
        <source>L&amp;anguage</source>
        <translation>&amp;Lingua</translation>
    </message>
    <message>
        <source>&amp;Size of letters and controls</source>
        <translation>&amp;Dimensione di testo e controlli</translation>
    </message>
    <message>
        <source>Pictures keep the screen&apos;s own pixels.</source>
        <translation>Le immagini mantengono i pixel dello schermo.</translation>
    </message>
    <message>
        <source>&amp;Mouse buttons</source>
        <translation>&amp;Pulsanti del mouse</translation>
    </message>
    <message>
        <source>&amp;Computing on</source>
        <translation>&amp;Calcolo con</translation>
    </message>
    <message>
        <source>In force from the next start of Overread on.</source>
        <translation>Vale dal prossimo avvio di Overread.</translation>
    </message>
    <message>
        <source>&amp;Forget what was opened</source>
        <translation>Di&amp;mentica ciò che è stato aperto</translation>
    </message>
    <message>
        <source>Forget the list of recent folders and the last model.</source>
        <translation>Dimentica l&apos;elenco delle cartelle recenti e l&apos;ultimo modello.</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Chiudi</translation>
    </message>
    <message>
        <source>This installation has no translation into this language.</source>
        <translation>Questa installazione non ha una traduzione in questa lingua.</translation>
    </message>
    <message>
        <source>It is forgotten.</source>
        <translation>Dimenticato.</translation>
    </message>
    <message>
        <source>How this answer was changed (Ctrl+H when this question is marked)</source>
        <translation>Come è cambiata questa risposta (Ctrl+H quando la domanda è segnata)</translation>
    </message>
    <message>
        <source>Mark in the picture…</source>
        <translation>Segna nell&apos;immagine…</translation>
    </message>
    <message>
        <source>Drag a box or click a place; arrows and Enter (Ctrl+Shift+M)</source>
        <translation>Trascinare un riquadro o clic su un punto; frecce e Invio (Ctrl+Shift+M)</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Rimuovi</translation>
    </message>
    <message>
        <source>Take the mark away</source>
        <translation>Toglie il segno</translation>
    </message>
    <message>
        <source>n/a</source>
        <translation>n/v</translation>
    </message>
    <message>
        <source>{words} ({key} when this question is marked)</source>
        <translation>{words} ({key} quando la domanda è segnata)</translation>
    </message>
    <message>
        <source>optional</source>
        <translation>facoltativa</translation>
    </message>
    <message>
        <source>not saved yet: </source>
        <translation>non ancora salvata: </translation>
    </message>
    <message>
        <source>Locked at {stage}: </source>
        <translation>Bloccata in {stage}: </translation>
    </message>
    <message>
        <source>changed %n×</source>
        <translation>modificata %n×</translation>
    </message>
    <message>
        <source>saved</source>
        <translation>salvata</translation>
    </message>
    <message>
        <source>reader id, e.g. R03</source>
        <translation>codice, es. R03</translation>
    </message>
    <message>
        <source>Reader id</source>
        <translation>Codice lettore</translation>
    </message>
    <message>
        <source>A pseudonym, not a name: it is written into every row.</source>
        <translation>Uno pseudonimo, non un nome: è scritto in ogni riga.</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>Esporta…</translation>
    </message>
    <message>
        <source>All questions</source>
        <translation>Tutte le domande</translation>
    </message>
    <message>
        <source>Ask everything, also about the slice, or the short form (Ctrl+Shift+Q)</source>
        <translation>Tutte le domande, anche sullo strato, o il modulo breve (Ctrl+Shift+Q)</translation>
    </message>
    <message>
        <source>Next open</source>
        <translation>Prossima</translation>
    </message>
    <message>
        <source>Go to the next question without an answer (Ctrl+J)</source>
        <translation>Va alla prossima domanda senza risposta (Ctrl+J)</translation>
    </message>
    <message>
        <source>Feedback</source>
        <translation>Valutazione</translation>
    </message>
    <message>
        <source>{left} of {asked} still open</source>
        <translation>{left} di {asked} da fare</translation>
    </message>
    <message>
        <source>all answered</source>
        <translation>completa</translation>
    </message>
    <message>
        <source> · saving</source>
        <translation> · salvataggio</translation>
    </message>
    <message>
        <source>Every question has an answer</source>
        <translation>Ogni domanda ha una risposta</translation>
    </message>
    <message>
        <source>Nothing was opened yet</source>
        <translation>Ancora nulla aperto</translation>
    </message>
    <message>
        <source>Folders and files that are opened are listed here; the demo is not.</source>
        <translation>Qui sono elencati cartelle e file aperti; la demo no.</translation>
    </message>
    <message>
        <source>Deletion and insertion curves</source>
        <translation>Curve di cancellazione e inserimento</translation>
    </message>
    <message>
        <source>How the probability of the explained class changes while the body&apos;s pixels are hidden (deletion) or shown (insertion), those that the map puts highest first. The faster deletion falls and insertion rises, the more of what the model looks at the map has found.</source>
        <translation>Come cambia la probabilità della classe spiegata nascondendo (cancellazione) o mostrando (inserimento) i pixel del corpo, a partire da quelli che la mappa mette più in alto. Più in fretta scende la cancellazione e sale l&apos;inserimento, più la mappa ha trovato ciò che il modello guarda.</translation>
    </message>
    <message>
        <source>share of the body, highest first</source>
        <translation>quota del corpo, dai valori più alti</translation>
    </message>
    <message>
        <source>insertion</source>
        <translation>inserimento</translation>
    </message>
    <message>
        <source>deletion</source>
        <translation>cancellazione</translation>
    </message>
    <message>
        <source>the prediction comes after your reading</source>
        <translation>la predizione viene dopo la lettura</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>Lettura…</translation>
    </message>
    <message>
        <source>No second series.
Ctrl+click one in the list, or press Ctrl+Shift+PgDown.</source>
        <translation>Nessuna seconda serie.
Ctrl+clic su una dell&apos;elenco, o Ctrl+Shift+PgDown.</translation>
    </message>
    <message>
        <source>your mark</source>
        <translation>il suo segno</translation>
    </message>
    <message>
        <source>before, locked – {answers}</source>
        <translation>prima, bloccate – {answers}</translation>
    </message>
    <message>
        <source> and {count} more (F2)</source>
        <translation> e altri {count} (F2)</translation>
    </message>
    <message>
        <source>This case</source>
        <translation>Questo caso</translation>
    </message>
    <message>
        <source>This slice</source>
        <translation>Questo strato</translation>
    </message>
    <message>
        <source>This map</source>
        <translation>Questa mappa</translation>
    </message>
    <message>
        <source>This slice: {k}</source>
        <translation>Questo strato: {k}</translation>
    </message>
    <message>
        <source>This map: {title}, slice {k}</source>
        <translation>Questa mappa: {title}, strato {k}</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Apri</translation>
    </message>
    <message>
        <source>Show beside the first series</source>
        <translation>Mostra accanto alla prima serie</translation>
    </message>
    <message>
        <source>labelled healthy</source>
        <translation>etichetta sano</translation>
    </message>
    <message>
        <source>labelled affected</source>
        <translation>etichetta patologico</translation>
    </message>
    <message>
        <source>both labels</source>
        <translation>sano e patologico</translation>
    </message>
    <message>
        <source>not in the table</source>
        <translation>non nella tabella</translation>
    </message>
    <message>
        <source>misread</source>
        <translation>errato</translation>
    </message>
    <message>
        <source>balanced accuracy {value:.2f}</source>
        <translation>accuratezza bilanciata {value:.2f}</translation>
    </message>
    <message>
        <source>ROC AUC {value:.2f}</source>
        <translation>ROC AUC {value:.2f}</translation>
    </message>
    <message>
        <source>Case {number}</source>
        <translation>Caso {number}</translation>
    </message>
    <message>
        <source>{title} ({part} of {parts})</source>
        <translation>{title} ({part} di {parts})</translation>
    </message>
    <message>
        <source>1 slice</source>
        <translation>1 strato</translation>
    </message>
    <message>
        <source>{count} slices</source>
        <translation>{count} strati</translation>
    </message>
    <message>
        <source>fold {fold}</source>
        <translation>fold {fold}</translation>
    </message>
    <message>
        <source>{misread}/{slices} misread</source>
        <translation>{misread}/{slices} errati</translation>
    </message>
    <message>
        <source>labels hidden while you read first</source>
        <translation>etichette nascoste finché si legge prima</translation>
    </message>
    <message>
        <source>labels hidden (Shift+L)</source>
        <translation>etichette nascoste (Shift+L)</translation>
    </message>
    <message>
        <source>{name}: {misread} of {slices} slices misread</source>
        <translation>{name}: strati errati {misread} su {slices}</translation>
    </message>
    <message>
        <source>out of fold: {answer} (fold {fold})</source>
        <translation>fuori dal fold: {answer} (fold {fold})</translation>
    </message>
    <message>
        <source>Out of fold on this slice</source>
        <translation>Fuori dal fold su questo strato</translation>
    </message>
    <message>
        <source>The run has no answer for this slice, and no model is asked in its place.</source>
        <translation>L&apos;addestramento non ha una risposta per questo strato, e nessun modello risponde al suo posto.</translation>
    </message>
    <message>
        <source>Out of fold: model of fold {fold}, which had not seen this patient.</source>
        <translation>Fuori dal fold: modello del fold {fold}, che non aveva visto questo paziente.</translation>
    </message>
    <message>
        <source>Uncalibrated: {value:.2f}.</source>
        <translation>Non calibrata: {value:.2f}.</translation>
    </message>
    <message>
        <source>This case on average: {answer}.</source>
        <translation>Questo caso in media: {answer}.</translation>
    </message>
    <message>
        <source>This case on average: {answer}, error {error:.2f}, uncertainty {bits:.2f} bit; {misread} of {slices} slices misread.</source>
        <translation>Questo caso in media: {answer}, errore {error:.2f}, incertezza {bits:.2f} bit; strati errati {misread} su {slices}.</translation>
    </message>
    <message>
        <source>Training run “{name}”: {network}, {folds} folds.</source>
        <translation>Addestramento «{name}»: {network}, {folds} fold.</translation>
    </message>
    <message>
        <source>All folds: {figures}.</source>
        <translation>Tutti i fold: {figures}.</translation>
    </message>
    <message>
        <source>The run blackened what lies outside of the masks; maps here are computed on the whole picture.</source>
        <translation>L&apos;addestramento ha annerito quanto è fuori dalle maschere; qui le mappe sono calcolate sull&apos;immagine intera.</translation>
    </message>
    <message>
        <source>Asked now, the model of fold {fold} answers otherwise: its maps may not explain what stands here.</source>
        <translation>Interrogato ora, il modello del fold {fold} risponde altrimenti: le sue mappe possono non spiegare quanto scritto qui.</translation>
    </message>
    <message>
        <source>Series</source>
        <translation>Serie</translation>
    </message>
    <message>
        <source>1 series</source>
        <translation>1 serie</translation>
    </message>
    <message>
        <source>{count} series</source>
        <translation>{count} serie</translation>
    </message>
    <message>
        <source>Order of the cases</source>
        <translation>Ordine dei casi</translation>
    </message>
    <message>
        <source>Open a folder (Ctrl+O), or drop one here.</source>
        <translation>Aprire una cartella (Ctrl+O) o rilasciarla qui.</translation>
    </message>
    <message>
        <source>Cases</source>
        <translation>Casi</translation>
    </message>
    <message>
        <source>Slice</source>
        <translation>Strato</translation>
    </message>
    <message>
        <source>Slice, with the model&apos;s probability under it</source>
        <translation>Strato, con la probabilità del modello sotto</translation>
    </message>
    <message>
        <source>could not be read</source>
        <translation>non leggibile</translation>
    </message>
    <message>
        <source>not read yet</source>
        <translation>non ancora letto</translation>
    </message>
    <message>
        <source>no prediction</source>
        <translation>nessuna predizione</translation>
    </message>
    <message>
        <source>Slice {k} of {count}: {what}</source>
        <translation>Strato {k} di {count}: {what}</translation>
    </message>
    <message>
        <source>1 slice is missing between slices {before} and {after}</source>
        <translation>Manca 1 strato tra gli strati {before} e {after}</translation>
    </message>
    <message>
        <source>{count} slices are missing between slices {before} and {after}</source>
        <translation>Mancano {count} strati tra gli strati {before} e {after}</translation>
    </message>
    <message>
        <source>they lie {mm} mm apart</source>
        <translation>distano {mm} mm</translation>
    </message>
    <message>
        <source>Lock my reading and show the prediction</source>
        <translation>Blocca la lettura e mostra la predizione</translation>
    </message>
    <message>
        <source>Lock my reading and show the maps</source>
        <translation>Blocca la lettura e mostra le mappe</translation>
    </message>
    <message>
        <source>Lock my answers and finish this case</source>
        <translation>Blocca le risposte e chiudi il caso</translation>
    </message>
    <message>
        <source>This case is finished: all its answers are locked.</source>
        <translation>Questo caso è concluso: tutte le sue risposte sono bloccate.</translation>
    </message>
    <message>
        <source>You see the picture alone. The model&apos;s answer comes once your reading is locked.</source>
        <translation>Si vede solo l&apos;immagine. La risposta del modello viene quando la lettura è bloccata.</translation>
    </message>
    <message>
        <source>You see the prediction too. Maps come once this reading is locked.</source>
        <translation>Si vede anche la predizione. Le mappe vengono quando questa lettura è bloccata.</translation>
    </message>
    <message>
        <source>You see everything. Rate the maps, then finish the case.</source>
        <translation>Si vede tutto. Valutare le mappe, poi chiudere il caso.</translation>
    </message>
    <message>
        <source>You have seen the prediction of this case before; your reading is kept as one that is not unaided.</source>
        <translation>La predizione di questo caso è già stata vista; la lettura è conservata come non priva di ausilio.</translation>
    </message>
    <message>
        <source>locked</source>
        <translation>bloccata</translation>
    </message>
    <message>
        <source>now</source>
        <translation>ora</translation>
    </message>
    <message>
        <source>later</source>
        <translation>poi</translation>
    </message>
    <message>
        <source>Locked answers are no longer changed (Ctrl+L)</source>
        <translation>Le risposte bloccate non cambiano più (Ctrl+L)</translation>
    </message>
    <message>
        <source>Stage of this case: {name}</source>
        <translation>Fase di questo caso: {name}</translation>
    </message>
    <message>
        <source>about {n} s left</source>
        <translation>ancora circa {n} s</translation>
    </message>
    <message>
        <source>about {n} min left</source>
        <translation>ancora circa {n} min</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Messaggio</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Avanzamento</translation>
    </message>
    <message>
        <source>Stop (Esc)</source>
        <translation>Stop (Esc)</translation>
    </message>
    <message>
        <source>Computing device</source>
        <translation>Dispositivo di calcolo</translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation>e altri {n}</translation>
    </message>
    <message>
        <source>Effect on the model&apos;s answer</source>
        <translation>Effetto sulla risposta del modello</translation>
    </message>
    <message>
        <source>Size of the brush</source>
        <translation>Dimensione del pennello</translation>
    </message>
    <message>
        <source>Size of the brush (Ctrl+wheel, or [ and ])</source>
        <translation>Dimensione del pennello (Ctrl+rotella, oppure [ e ])</translation>
    </message>
    <message>
        <source>What painted tissue becomes</source>
        <translation>Che cosa diventa il tessuto dipinto</translation>
    </message>
    <message>
        <source>Painted tissue becomes the mean of what is around it, or of the whole body; air stays air</source>
        <translation>Il tessuto dipinto diventa la media di ciò che lo circonda, o di tutto il corpo; l&apos;aria resta aria</translation>
    </message>
    <message>
        <source>Open folder…</source>
        <translation>Apri cartella…</translation>
    </message>
    <message>
        <source>Open a folder of DICOM, NIfTI or picture files.</source>
        <translation>Apre una cartella di file DICOM, NIfTI o immagini.</translation>
    </message>
    <message>
        <source>Open files…</source>
        <translation>Apri file…</translation>
    </message>
    <message>
        <source>Open single files.</source>
        <translation>Apre singoli file.</translation>
    </message>
    <message>
        <source>Add folder…</source>
        <translation>Aggiungi cartella…</translation>
    </message>
    <message>
        <source>Open a folder beside what is open already (also: drop it with Shift held).</source>
        <translation>Apre una cartella oltre a ciò che è già aperto (anche: rilasciarla con Shift).</translation>
    </message>
    <message>
        <source>Add files…</source>
        <translation>Aggiungi file…</translation>
    </message>
    <message>
        <source>Open single files beside what is open already.</source>
        <translation>Apre singoli file oltre a ciò che è già aperto.</translation>
    </message>
    <message>
        <source>Open recent</source>
        <translation>Apri recenti</translation>
    </message>
    <message>
        <source>The folders and files opened last.</source>
        <translation>Le cartelle e i file aperti per ultimi.</translation>
    </message>
    <message>
        <source>Clear list</source>
        <translation>Svuota elenco</translation>
    </message>
    <message>
        <source>Forget which files and folders were opened; their paths may name people.</source>
        <translation>Dimentica quali file e cartelle sono stati aperti; i percorsi possono contenere nomi di persone.</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>Esamina di nuovo</translation>
    </message>
    <message>
        <source>Look through the opened files and folders again; series, slice and overlays stay.</source>
        <translation>Esamina di nuovo file e cartelle aperti; serie, strato e sovrapposizioni restano.</translation>
    </message>
    <message>
        <source>Open model…</source>
        <translation>Apri modello…</translation>
    </message>
    <message>
        <source>Choose the folder of a classifier bundle.</source>
        <translation>Sceglie la cartella di un classificatore.</translation>
    </message>
    <message>
        <source>Open training run…</source>
        <translation>Apri addestramento…</translation>
    </message>
    <message>
        <source>Review what a training run said of each slice, out of fold: by a model that had not seen the patient.</source>
        <translation>Rivede ciò che un addestramento ha detto di ogni strato, fuori dal fold: con un modello che non aveva visto il paziente.</translation>
    </message>
    <message>
        <source>Export ratings…</source>
        <translation>Esporta valutazioni…</translation>
    </message>
    <message>
        <source>Write every answer to ratings.csv, with a codebook beside it.</source>
        <translation>Scrive ogni risposta in ratings.csv, con accanto la legenda delle colonne.</translation>
    </message>
    <message>
        <source>Export maps…</source>
        <translation>Esporta mappe…</translation>
    </message>
    <message>
        <source>Write the computed maps of this series as .npz and NIfTI, with their provenance.</source>
        <translation>Scrive le mappe calcolate di questa serie come .npz e NIfTI, con la loro provenienza.</translation>
    </message>
    <message>
        <source>After a crash: the series, slice, layout and overlays that were open, and comments that were not saved.</source>
        <translation>Dopo un arresto anomalo: serie, strato, disposizione e sovrapposizioni aperte, e commenti non salvati.</translation>
    </message>
    <message>
        <source>Close all series</source>
        <translation>Chiudi tutte le serie</translation>
    </message>
    <message>
        <source>Start empty; answers are saved already.</source>
        <translation>Ricomincia da vuoto; le risposte sono già salvate.</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Esci</translation>
    </message>
    <message>
        <source>Close the window; answers are saved already.</source>
        <translation>Chiude la finestra; le risposte sono già salvate.</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Annulla</translation>
    </message>
    <message>
        <source>Take back the last change of window, zoom or overlay, or the last answer.</source>
        <translation>Annulla l&apos;ultima modifica di finestra, zoom o sovrapposizione, o l&apos;ultima risposta.</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Ripeti</translation>
    </message>
    <message>
        <source>Do again what was taken back.</source>
        <translation>Ripete ciò che è stato annullato.</translation>
    </message>
    <message>
        <source>Preferences…</source>
        <translation>Preferenze…</translation>
    </message>
    <message>
        <source>Look, language, size of letters, mouse buttons, device.</source>
        <translation>Aspetto, lingua, dimensione del testo, pulsanti del mouse, dispositivo.</translation>
    </message>
    <message>
        <source>Next slice</source>
        <translation>Strato successivo</translation>
    </message>
    <message>
        <source>One slice up the stack (wheel down).</source>
        <translation>Uno strato più avanti (rotella giù).</translation>
    </message>
    <message>
        <source>Previous slice</source>
        <translation>Strato precedente</translation>
    </message>
    <message>
        <source>One slice down the stack (wheel up).</source>
        <translation>Uno strato più indietro (rotella su).</translation>
    </message>
    <message>
        <source>Ten slices on</source>
        <translation>Dieci strati avanti</translation>
    </message>
    <message>
        <source>Ten slices on.</source>
        <translation>Dieci strati avanti.</translation>
    </message>
    <message>
        <source>Ten slices back</source>
        <translation>Dieci strati indietro</translation>
    </message>
    <message>
        <source>Ten slices back.</source>
        <translation>Dieci strati indietro.</translation>
    </message>
    <message>
        <source>First slice</source>
        <translation>Primo strato</translation>
    </message>
    <message>
        <source>The first slice.</source>
        <translation>Il primo strato.</translation>
    </message>
    <message>
        <source>Last slice</source>
        <translation>Ultimo strato</translation>
    </message>
    <message>
        <source>The last slice.</source>
        <translation>L&apos;ultimo strato.</translation>
    </message>
    <message>
        <source>Next series</source>
        <translation>Serie successiva</translation>
    </message>
    <message>
        <source>Open the next series of the list.</source>
        <translation>Apre la serie successiva dell&apos;elenco.</translation>
    </message>
    <message>
        <source>Previous series</source>
        <translation>Serie precedente</translation>
    </message>
    <message>
        <source>Open the previous series of the list.</source>
        <translation>Apre la serie precedente dell&apos;elenco.</translation>
    </message>
    <message>
        <source>Next misread slice</source>
        <translation>Strato errato successivo</translation>
    </message>
    <message>
        <source>In a training run: the next slice whose answer is not its label, in this case or one further down.</source>
        <translation>In un addestramento: il prossimo strato la cui risposta non è la sua etichetta, in questo caso o più in basso nell&apos;elenco.</translation>
    </message>
    <message>
        <source>Previous misread slice</source>
        <translation>Strato errato precedente</translation>
    </message>
    <message>
        <source>In a training run: the misread slice before this one, in this case or one further up.</source>
        <translation>In un addestramento: lo strato errato prima di questo, in questo caso o più in alto nell&apos;elenco.</translation>
    </message>
    <message>
        <source>Next order of cases</source>
        <translation>Ordine dei casi successivo</translation>
    </message>
    <message>
        <source>In a training run: cases as in the table, by their error, by their uncertainty.</source>
        <translation>In un addestramento: casi come nella tabella, per errore, per incertezza.</translation>
    </message>
    <message>
        <source>Show labels</source>
        <translation>Mostra etichette</translation>
    </message>
    <message>
        <source>In a training run: labels and misread slices, or none of them, to read without knowing.</source>
        <translation>In un addestramento: etichette e strati errati, o nulla di ciò, per leggere senza sapere.</translation>
    </message>
    <message>
        <source>Auto window</source>
        <translation>Finestra automatica</translation>
    </message>
    <message>
        <source>Window from the body, 0.5–99.5 % of the series; stays while you scroll.</source>
        <translation>Finestra dal corpo, 0,5–99,5 % della serie; resta mentre si scorre.</translation>
    </message>
    <message>
        <source>Window stored in the file</source>
        <translation>Finestra del file</translation>
    </message>
    <message>
        <source>The first window that the DICOM file proposes.</source>
        <translation>La prima finestra proposta dal file DICOM.</translation>
    </message>
    <message>
        <source>Window 1–99 %</source>
        <translation>Finestra 1–99 %</translation>
    </message>
    <message>
        <source>From the 1st to the 99th percentile of the series.</source>
        <translation>Dal 1º al 99º percentile della serie.</translation>
    </message>
    <message>
        <source>Window 0.1–99.9 %</source>
        <translation>Finestra 0,1–99,9 %</translation>
    </message>
    <message>
        <source>From the 0.1th to the 99.9th percentile.</source>
        <translation>Dal percentile 0,1 al 99,9.</translation>
    </message>
    <message>
        <source>Window full range</source>
        <translation>Finestra intera</translation>
    </message>
    <message>
        <source>From the smallest to the largest value.</source>
        <translation>Dal valore minimo al massimo.</translation>
    </message>
    <message>
        <source>Invert grey values</source>
        <translation>Inverti i grigi</translation>
    </message>
    <message>
        <source>Dark becomes bright.</source>
        <translation>Lo scuro diventa chiaro.</translation>
    </message>
    <message>
        <source>Next layout</source>
        <translation>Disposizione successiva</translation>
    </message>
    <message>
        <source>One picture; clean | overlay; clean and three methods; a second series beside.</source>
        <translation>Una immagine; pulita | sovrapposta; pulita e tre metodi; una seconda serie accanto.</translation>
    </message>
    <message>
        <source>One picture or several</source>
        <translation>Una immagine o più</translation>
    </message>
    <message>
        <source>Show the picture in use alone, and all again; also: double-click on a picture.</source>
        <translation>Mostra solo l&apos;immagine in uso, poi di nuovo tutte; anche: doppio clic su un&apos;immagine.</translation>
    </message>
    <message>
        <source>Second series beside</source>
        <translation>Seconda serie accanto</translation>
    </message>
    <message>
        <source>Show a second series beside the first, or go back to the layout before.</source>
        <translation>Mostra una seconda serie accanto alla prima, o torna alla disposizione di prima.</translation>
    </message>
    <message>
        <source>Compare with next series</source>
        <translation>Confronta con la serie successiva</translation>
    </message>
    <message>
        <source>Show the next series of the list beside the first; also: Ctrl+click in the list.</source>
        <translation>Mostra la serie successiva dell&apos;elenco accanto alla prima; anche: Ctrl+clic nell&apos;elenco.</translation>
    </message>
    <message>
        <source>Compare with previous series</source>
        <translation>Confronta con la serie precedente</translation>
    </message>
    <message>
        <source>Show the previous series of the list beside the first.</source>
        <translation>Mostra la serie precedente dell&apos;elenco accanto alla prima.</translation>
    </message>
    <message>
        <source>Link slices</source>
        <translation>Collega strati</translation>
    </message>
    <message>
        <source>The two series scroll together: by patient position where both have one, else by share of the stack.</source>
        <translation>Le due serie scorrono insieme: per posizione nel paziente se entrambe ne hanno una, altrimenti in proporzione alla pila.</translation>
    </message>
    <message>
        <source>Link zoom and pan</source>
        <translation>Collega zoom e spostamento</translation>
    </message>
    <message>
        <source>Both series show the same place at the same millimetres.</source>
        <translation>Le due serie mostrano lo stesso punto agli stessi millimetri.</translation>
    </message>
    <message>
        <source>Link window</source>
        <translation>Collega finestra</translation>
    </message>
    <message>
        <source>Both series have one window; for the same sequence only.</source>
        <translation>Le due serie hanno la stessa finestra; solo per la stessa sequenza.</translation>
    </message>
    <message>
        <source>Swipe line</source>
        <translation>Linea di confronto</translation>
    </message>
    <message>
        <source>A line to drag across the picture: clean to its left, overlay to its right.</source>
        <translation>Una linea da trascinare sull&apos;immagine: pulita a sinistra, sovrapposizione a destra.</translation>
    </message>
    <message>
        <source>Fit to view</source>
        <translation>Adatta alla vista</translation>
    </message>
    <message>
        <source>Whole slice in the view, centred.</source>
        <translation>Strato intero nella vista, centrato.</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>Ingrandisci</translation>
    </message>
    <message>
        <source>Also: right-drag up, Ctrl+wheel.</source>
        <translation>Anche: trascinare in su col destro, Ctrl+rotella.</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>Riduci</translation>
    </message>
    <message>
        <source>Also: right-drag down, Ctrl+wheel.</source>
        <translation>Anche: trascinare in giù col destro, Ctrl+rotella.</translation>
    </message>
    <message>
        <source>Crosshair</source>
        <translation>Mirino</translation>
    </message>
    <message>
        <source>Mark the same place in both pictures and read its value.</source>
        <translation>Segna lo stesso punto nelle due immagini e ne legge il valore.</translation>
    </message>
    <message>
        <source>Hide identity</source>
        <translation>Nascondi identità</translation>
    </message>
    <message>
        <source>Hide or show the patient&apos;s name, number and dates on the picture.</source>
        <translation>Nasconde o mostra nome, numero e date del paziente sull&apos;immagine.</translation>
    </message>
    <message>
        <source>List of series</source>
        <translation>Elenco delle serie</translation>
    </message>
    <message>
        <source>Show or hide the list at the left.</source>
        <translation>Mostra o nasconde l&apos;elenco a sinistra.</translation>
    </message>
    <message>
        <source>Model and feedback</source>
        <translation>Modello e valutazione</translation>
    </message>
    <message>
        <source>Show or hide what stands at the right: prediction, explanations, questions.</source>
        <translation>Mostra o nasconde la parte destra: predizione, spiegazioni, domande.</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>Schermo intero</translation>
    </message>
    <message>
        <source>Fill the screen.</source>
        <translation>Riempie lo schermo.</translation>
    </message>
    <message>
        <source>Attach</source>
        <translation>Allega</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fine</translation>
    </message>
    <message>
        <source>Put the brush away; what is painted stays with its slice (Esc or W)</source>
        <translation>Ripone il pennello; ciò che è dipinto resta con il suo strato (Esc o W)</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>Pennello</translation>
    </message>
    <message>
        <source>fills with</source>
        <translation>con</translation>
    </message>
    <message>
        <source>Take back the last stroke (Ctrl+Z)</source>
        <translation>Annulla l&apos;ultimo tratto (Ctrl+Z)</translation>
    </message>
    <message>
        <source>Take everything off this slice (Backspace)</source>
        <translation>Toglie tutto da questo strato (Backspace)</translation>
    </message>
    <message>
        <source>Put region and effect into the feedback (Ctrl+Shift+W)</source>
        <translation>Aggiunge regione ed effetto alla valutazione (Ctrl+Shift+W)</translation>
    </message>
    <message>
        <source>The last window ended without being closed.</source>
        <translation>L&apos;ultima finestra è terminata senza essere chiusa.</translation>
    </message>
    <message>
        <source>Open where you were</source>
        <translation>Riapri dove si era rimasti</translation>
    </message>
    <message>
        <source>The series, slice and display of then (Ctrl+Shift+T)</source>
        <translation>La serie, lo strato e l&apos;aspetto di allora (Ctrl+Shift+T)</translation>
    </message>
    <message>
        <source>No</source>
        <translation>No</translation>
    </message>
    <message>
        <source>Go on with what is here</source>
        <translation>Continua con ciò che c&apos;è</translation>
    </message>
    <message>
        <source>The last window ended without being closed; this is where you were. Every saved answer is there.</source>
        <translation>L&apos;ultima finestra è terminata senza essere chiusa; si riparte da dove si era. Ogni risposta salvata c&apos;è.</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Continua</translation>
    </message>
    <message>
        <source>Keep what is open</source>
        <translation>Tiene ciò che è aperto</translation>
    </message>
    <message>
        <source>Start empty</source>
        <translation>Inizia da vuoto</translation>
    </message>
    <message>
        <source>Close all series (Ctrl+W)</source>
        <translation>Chiude tutte le serie (Ctrl+W)</translation>
    </message>
    <message>
        <source>column {column}, row {row}</source>
        <translation>colonna {column}, riga {row}</translation>
    </message>
    <message>
        <source>columns {columns}, rows {rows}</source>
        <translation>colonne {columns}, righe {rows}</translation>
    </message>
    <message>
        <source>Overread shows MRI series with a local classifier&apos;s predictions and the reasons for them, and keeps a reader&apos;s opinion of both. It makes no connection to any network.</source>
        <translation>Overread mostra serie RM con le predizioni di un classificatore locale e le loro ragioni, e conserva l&apos;opinione del lettore su entrambe. Non si collega ad alcuna rete.</translation>
    </message>
    <message>
        <source>Licence MIT. Uses Qt (LGPL-3) through PySide6, PyTorch, pydicom, nibabel and others.</source>
        <translation>Licenza MIT. Usa Qt (LGPL-3) tramite PySide6, PyTorch, pydicom, nibabel e altri.</translation>
    </message>
    <message>
        <source>Probability</source>
        <translation>Probabilità</translation>
    </message>
    <message>
        <source>Model&apos;s answer for this slice</source>
        <translation>Risposta del modello per questo strato</translation>
    </message>
    <message>
        <source>Label of this slice</source>
        <translation>Etichetta di questo strato</translation>
    </message>
    <message>
        <source>Whose answer it is</source>
        <translation>Di chi è la risposta</translation>
    </message>
    <message>
        <source>How this series differs from what the model was trained on</source>
        <translation>In che cosa questa serie differisce dai dati di addestramento del modello</translation>
    </message>
    <message>
        <source>Model on this slice</source>
        <translation>Modello su questo strato</translation>
    </message>
    <message>
        <source>Picture {number}</source>
        <translation>Immagine {number}</translation>
    </message>
    <message>
        <source>Values under the pointer</source>
        <translation>Valori sotto il puntatore</translation>
    </message>
    <message>
        <source>disagreement about {name}</source>
        <translation>disaccordo su {name}</translation>
    </message>
    <message>
        <source>evidence against and for {name}</source>
        <translation>evidenza contro e a favore di {name}</translation>
    </message>
    <message>
        <source>Training run “{name}”: {misread} of {slices} slices misread out of fold.</source>
        <translation>Addestramento «{name}»: strati errati fuori dal fold {misread} su {slices}.</translation>
    </message>
    <message>
        <source>Training run “{name}”: labels are hidden.</source>
        <translation>Addestramento «{name}»: le etichette sono nascoste.</translation>
    </message>
    <message>
        <source>The training run is closed: another model may have learned from its pictures.</source>
        <translation>L&apos;addestramento è chiuso: un altro modello può aver imparato dalle sue immagini.</translation>
    </message>
    <message>
        <source>Labels are shown.</source>
        <translation>Le etichette sono mostrate.</translation>
    </message>
    <message>
        <source>Labels are hidden.</source>
        <translation>Le etichette sono nascoste.</translation>
    </message>
    <message>
        <source>Open a training run first (Ctrl+T).</source>
        <translation>Aprire prima un addestramento (Ctrl+T).</translation>
    </message>
    <message>
        <source>Hidden while you read first.</source>
        <translation>Nascosto finché si legge prima.</translation>
    </message>
    <message>
        <source>Labels are hidden (Shift+L).</source>
        <translation>Le etichette sono nascoste (Shift+L).</translation>
    </message>
    <message>
        <source>There is no misread slice after this one.</source>
        <translation>Nessuno strato errato dopo questo.</translation>
    </message>
    <message>
        <source>There is none before this one.</source>
        <translation>Nessuno prima di questo.</translation>
    </message>
    <message>
        <source>Misread slice {number} of {count}.</source>
        <translation>Strato errato {number} di {count}.</translation>
    </message>
    <message>
        <source>no fold model kept</source>
        <translation>nessun modello del fold</translation>
    </message>
    <message>
        <source>No maps: the run did not keep the model of fold {fold}, and the final model has seen this patient. Train with --keep-folds to see maps here.</source>
        <translation>Nessuna mappa: l&apos;addestramento non ha conservato il modello del fold {fold}, e il modello finale ha visto questo paziente. Addestrare con --keep-folds per vedere le mappe.</translation>
    </message>
    <message>
        <source>The model of fold {fold} is being loaded.</source>
        <translation>Il modello del fold {fold} è in caricamento.</translation>
    </message>
    <message>
        <source>no fold model</source>
        <translation>manca il modello del fold</translation>
    </message>
    <message>
        <source>No maps: the model of fold {fold} cannot be loaded, and no other may explain this case.</source>
        <translation>Nessuna mappa: il modello del fold {fold} non si può caricare, e nessun altro può spiegare questo caso.</translation>
    </message>
    <message>
        <source>As in the table</source>
        <translation>Come nella tabella</translation>
    </message>
    <message>
        <source>Largest error first</source>
        <translation>Errore maggiore prima</translation>
    </message>
    <message>
        <source>Most uncertain first</source>
        <translation>Più incerti prima</translation>
    </message>
    <message>
        <source>Shuffled</source>
        <translation>Mescolati</translation>
    </message>
    <message>
        <source>A training run is open; close it first (Ctrl+W).</source>
        <translation>Un addestramento è aperto; chiuderlo prima (Ctrl+W).</translation>
    </message>
</context>
</TS>
