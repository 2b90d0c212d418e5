/* cari.js - suggestions while typing (ARIA combobox with a listbox) and the counting of searches; all of it can be missing. */
(function(){
"use strict";
var d=document;
function count(at,words,code){if(!navigator.sendBeacon)return;var body=new URLSearchParams();body.set("q",words);if(code)body.set("kode",code);navigator.sendBeacon(at,body)}
// 1 suggestions: a fragment of HTML from the server; arrows, Enter, Escape
Array.prototype.forEach.call(d.querySelectorAll("form[data-suggest]"),function(form){
 var field=form.querySelector("input[name=q]"),box=d.createElement("div"),live=d.createElement("p"),timer,running,at=-1,asked=field.value.trim();
 if(!field||!window.fetch||!window.AbortController)return;
 box.className="k-suggest__box";box.hidden=true;live.className="k-vh";live.setAttribute("role","status");
 form.querySelector(".k-search").after(box);box.after(live);
 field.setAttribute("role","combobox");field.setAttribute("aria-autocomplete","list");field.setAttribute("aria-expanded","false");field.setAttribute("aria-controls","saran");
 function options(){return box.querySelectorAll("[role=option]")}
 function close(){box.hidden=true;at=-1;field.setAttribute("aria-expanded","false");field.removeAttribute("aria-activedescendant")}
 function choose(n){var list=options();if(list[at])list[at].setAttribute("aria-selected","false");at=n;
  if(list[at]){list[at].setAttribute("aria-selected","true");list[at].scrollIntoView({block:"nearest"});field.setAttribute("aria-activedescendant",list[at].id)}else field.removeAttribute("aria-activedescendant")}
 function go(o){count(form.dataset.suggest.replace("saran","hitung"),field.value,o.dataset.code);location.assign(o.dataset.url)}
 function show(html){box.innerHTML=html;var list=box.querySelector("[role=listbox]");at=-1;field.removeAttribute("aria-activedescendant");if(!list){close();live.textContent=form.dataset.none||"";return}box.hidden=false;field.setAttribute("aria-expanded","true");live.textContent=list.dataset.told}
 function ask(){var words=field.value.trim();if(words===asked)return;asked=words;if(running)running.abort();if(words.length<2){close();live.textContent="";return}
  running=new AbortController();fetch(form.dataset.suggest+"?q="+encodeURIComponent(words.slice(0,60)),{signal:running.signal,credentials:"omit"}).then(function(r){return r.ok?r.text():""}).then(function(html){if(field.value.trim()===words&&d.activeElement===field)show(html)}).catch(function(){})}
 field.addEventListener("input",function(){clearTimeout(timer);timer=setTimeout(ask,150)});
 field.addEventListener("keydown",function(v){var n=options().length,open=!box.hidden&&n;
  if(v.key==="ArrowDown"&&!open){v.preventDefault();if(n&&field.value.trim()===asked){box.hidden=false;field.setAttribute("aria-expanded","true");choose(0)}else{asked="";ask()}}
  else if(v.key==="ArrowDown"&&open){v.preventDefault();choose(at+1<n?at+1:0)}
  else if(v.key==="ArrowUp"&&open){v.preventDefault();choose(at>0?at-1:n-1)}
  else if(v.key==="Escape"&&open){v.preventDefault();close()}
  else if(v.key==="Enter"&&open&&at>-1){v.preventDefault();go(options()[at])}
  else if(v.key==="Tab")close()});
 box.addEventListener("mousedown",function(v){v.preventDefault()});
 box.addEventListener("click",function(v){var o=v.target.closest("[role=option]");if(o)go(o)});
 field.addEventListener("blur",function(){setTimeout(close,100)});
});
// 2 counting: what was searched for and which service was opened; no cookie, no identifier. Without script `ping` counts what is opened
var found=d.querySelector("[data-count-at]");
if(found&&navigator.sendBeacon){
 var tell=function(code){count(found.dataset.countAt,found.dataset.q,code)};
 if(!/[?&]hal=/.test(location.search))tell("");
 Array.prototype.forEach.call(found.querySelectorAll("a[data-code]"),function(a){a.removeAttribute("ping");["click","auxclick"].forEach(function(kind){a.addEventListener(kind,function(v){if(v.button<2)tell(a.dataset.code)})})});
}
})();
