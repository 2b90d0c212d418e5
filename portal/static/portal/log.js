/* log.js - the live log asks again every two seconds while it is looked at; without it there is a reload link. */
(function(){
"use strict";
var d=document,b=d.getElementById("jeda"),stop=false,wait=2000;
if(!b||!window.fetch)return;
b.hidden=false;
b.addEventListener("click",function(){stop=!stop;b.setAttribute("aria-pressed",String(stop))});
function ask(){
 if(stop||d.hidden){setTimeout(ask,wait);return}
 var q=new URLSearchParams(location.search);q.set("bagian","log");
 fetch(location.pathname+"?"+q,{credentials:"same-origin",redirect:"error"}).then(function(r){if(!r.ok)throw r;return r.text()}).then(function(t){
  var n=new DOMParser().parseFromString(t,"text/html").getElementById("log"),o=d.getElementById("log");
  if(n&&o&&n.innerHTML!==o.innerHTML)o.innerHTML=n.innerHTML;wait=2000;
 }).catch(function(){wait=Math.min(wait*2,30000)}).then(function(){setTimeout(ask,wait)});
}
setTimeout(ask,wait);
})();
