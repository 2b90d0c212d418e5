/* isian.js - hides questions that do not apply, from the same conditions the server decides by. The page works without it. */
(function(){
"use strict";
var d=document,form=d.querySelector("main form");if(!form)return;
function value(key){
 var n=key.indexOf(".")<0?"f."+key:"g."+key,boxes=form.querySelectorAll('[name="'+n+'"]'),i,b;
 i=form.querySelectorAll('[name="r.'+key+'"]').length;if(i)return i;
 if(!boxes.length){var p=["d","m","y"].map(function(s){var e=form.querySelector('[name="'+n+"."+s+'"]');return e?e.value.trim():""});return p[2]&&p[1]&&p[0]?p[2]+"-"+("0"+p[1]).slice(-2)+"-"+("0"+p[0]).slice(-2):""}
 for(i=0;i<boxes.length;i++){b=boxes[i];if(b.type==="radio"){if(b.checked)return b.value==="ya"?true:b.value==="tidak"?false:b.value}else if(b.type==="checkbox")return b.checked;else if(b.type!=="hidden")return b.value.trim()}
 return ""}
function holds(c){
 if(c.all)return c.all.every(holds);if(c.any)return c.any.some(holds);
 var v=value(c.field);
 if("equals" in c)return v===c.equals||(c.equals===false&&v==="");
 if("in" in c)return c["in"].indexOf(v)>=0;
 if("filled" in c)return !!v===c.filled;
 if("at_least" in c)return v!==""&&(typeof c.at_least==="number"?Number(v)>=c.at_least:v>=c.at_least);
 return v!==""&&(typeof c.at_most==="number"?Number(v)<=c.at_most:v<=c.at_most)}
function draw(){Array.prototype.forEach.call(form.querySelectorAll("[data-if]"),function(e){e.hidden=!holds(JSON.parse(e.dataset["if"]));var n=e.querySelector("[data-if-note]");if(n)n.hidden=true})}
form.addEventListener("input",draw);form.addEventListener("change",draw);draw();
})();
